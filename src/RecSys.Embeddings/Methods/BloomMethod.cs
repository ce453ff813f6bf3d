namespace RecSys.Embeddings.Methods;

/// <summary>
/// Bloom embedding: all fields share one table, in which an id reads several hashed rows that are added or averaged, as they are or
/// each with a random sign. Salts depend on the name of a field alone, so adding a field leaves the rows of the others where they are.
/// </summary>
/// <remarks>
/// Serrà and Karatzoglou, "Getting Deep Recommenders Fit: Bloom Embeddings for Sparse Binary Input/Output Networks", RecSys 2017.
/// Random signs are those of Weinberger et al., "Feature Hashing for Large Scale Multitask Learning", ICML 2009: what two ids share
/// then has an expected product of zero.
/// </remarks>
internal sealed class BloomMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "bloom";

    /// <inheritdoc/>
    public override string Description => "One table of M rows of width d for all fields; id x reads k hashed rows, combined by sum or mean, with random signs if wanted.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·M·d, exactly the budget, whatever the vocabularies";

    /// <inheritdoc/>
    public override string Source => "Serrà & Karatzoglou, RecSys 2017; signs: Weinberger et al., ICML 2009";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hashes", "combine", "signs"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int hashes = request.Options.GetInt32("hashes", 2, maximum: SignedSumCombination.MostRows);
        bool isMean = request.Options.GetChoice("combine", "sum", "mean") == "mean";
        bool isSigned = request.Options.GetChoice("signs", "none", "random") == "random";
        request.RequireBytes(Name, request.RowByteCount(request.Dimension));
        long rowCount = request.BudgetByteCount / request.RowByteCount(request.Dimension);

        var builder = new LayoutBuilder(request);
        var target = InitializerScaling.ForShared(request.Fields.Select(request.Initializer));
        int table = builder.AddTable("bloom", rowCount, request.Dimension, isMean ? target.ForMean(hashes) : target.ForSum(hashes));
        float scale = isMean ? 1f / hashes : 1;
        Combination combination = isSigned ? new SignedSumCombination(request.Dimension, scale) : new SumCombination(request.Dimension, scale);
        foreach (EmbeddingField field in request.Fields)
        {
            var rows = Enumerable.Range(0, hashes).Select(j => new RowSource(table, new HashAddressing(request, field, j, rowCount)));
            builder.AddField(field, combination, isSigned ? [RowSource.Code(new BitsAddressing(request, field, hashes)), .. rows] : [.. rows]);
        }

        return builder.Build();
    }
}
