namespace RecSys.Embeddings.Methods;

/// <summary>Every number of a vector is hashed alone into one array of numbers for all fields, with a random sign: ROBE with blocks of one number.</summary>
/// <remarks>Chen et al., "Compressing Neural Networks with the Hashing Trick", ICML 2015. Each id reads d places of memory.</remarks>
internal sealed class HashedNetsMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "hashed_nets";

    /// <inheritdoc/>
    public override string Description => "One array of M numbers for all fields; each number of a vector is read from a hashed place, with a random sign.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·M, exactly the budget, whatever the vocabularies";

    /// <inheritdoc/>
    public override string Source => "Chen et al., ICML 2015";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["signs"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request) => RobeMethod.Lay(request, Name, block: 1);
}
