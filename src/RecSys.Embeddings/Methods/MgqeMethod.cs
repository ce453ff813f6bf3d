namespace RecSys.Embeddings.Methods;

/// <summary>Multi-granular quantised embeddings: as <see cref="DpqMethod"/>, but ids that are not frequent use a quarter of the centroids.</summary>
/// <remarks>
/// Kang et al., "Learning Multi-granular Quantized Embeddings for Large-Vocab Categorical Features in Recommender Systems", WWW 2020, with
/// one codebook for both tiers: a tenth of the ids, the most frequent ones in the training split, have codes of b bits, the others of b − 2.
/// Vocabularies are numbered by frequency, so the tier of an id needs no flag.
/// </remarks>
internal sealed class MgqeMethod : ProductQuantization
{
    /// <inheritdoc/>
    public override string Name => "mgqe";

    /// <inheritdoc/>
    public override string Description => "D codes of b bits for a tenth of the ids and of b − 2 bits for the others, and per field D·2^b centroids of width d/D; trained as full tables.";

    /// <inheritdoc/>
    public override string ByteFormula => "Σ(n·D·(b − 1.8)/8 + 4·d·2^b); the nearest size below the budget";

    /// <inheritdoc/>
    public override string Source => "Kang et al., WWW 2020";

    /// <inheritdoc/>
    protected override double Head => 0.1;

    /// <inheritdoc/>
    protected override int FewerBits => 2;
}
