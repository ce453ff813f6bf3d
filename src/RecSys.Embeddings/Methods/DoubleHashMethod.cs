namespace RecSys.Embeddings.Methods;

/// <summary>
/// Several hashes per id: two ids share their vector only when all hashes collide. The rows are added or averaged (one table
/// per field), or concatenated (one narrow table per hash).
/// </summary>
/// <remarks>
/// Serrà and Karatzoglou, "Getting Deep Recommenders Fit: Bloom Embeddings for Sparse Binary Input/Output Networks", RecSys 2017;
/// Zhang et al., "Model Size Reduction Using Frequency Based Double Hashing for Recommender Systems", RecSys 2020.
/// </remarks>
internal sealed class DoubleHashMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "double_hash";

    /// <inheritdoc/>
    public override string Description => "Per field m < n rows of width d, in proportion to n; id x reads k hashed rows, combined by sum, mean or concatenation.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·Σm, exactly the budget";

    /// <inheritdoc/>
    public override string Source => "Serrà & Karatzoglou, RecSys 2017; Zhang et al., RecSys 2020";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hashes", "combine"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int hashes = request.Options.GetInt32("hashes", 2, minimum: 2);
        string combine = request.Options.GetChoice("combine", "sum", "concat", "mean");
        if (combine == "concat" && hashes > request.Dimension)
            throw new ArgumentException($"Method '{Name}' cannot cut a dimension of {request.Dimension} into {hashes} slices; use fewer hashes or combine: sum.");

        int[] widths = combine == "concat" ? request.Slices(hashes) : [request.Dimension];
        long[] rowCounts = request.ProportionalRows(Name, widths.Sum(request.RowByteCount));
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < rowCounts.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            if (rowCounts[i] == field.VocabularySize)
                builder.AddFull(field);
            else if (combine == "concat")
                AddSlices(builder, request, field, rowCounts[i], widths);
            else
                AddTerms(builder, request, field, rowCounts[i], hashes, isMean: combine == "mean");
        }

        return builder.Build();
    }

    private static void AddTerms(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long rowCount, int hashes, bool isMean)
    {
        var target = request.Initializer(field);
        int table = builder.AddTable(field.Name, rowCount, request.Dimension, isMean ? target.ForMean(hashes) : target.ForSum(hashes));
        var sources = new RowSource[hashes];
        for (int j = 0; j < hashes; j++)
            sources[j] = new RowSource(table, new HashAddressing(request, field, j, rowCount));
        builder.AddField(field, new SumCombination(request.Dimension, isMean ? 1f / hashes : 1f), sources);
    }

    private static void AddSlices(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long rowCount, int[] widths)
    {
        var sources = new RowSource[widths.Length];
        for (int j = 0; j < widths.Length; j++)
        {
            int table = builder.AddTable($"{field.Name}/slice_{j}", rowCount, widths[j], request.Initializer(field));
            sources[j] = new RowSource(table, new HashAddressing(request, field, j, rowCount));
        }

        builder.AddField(field, sources);
    }
}
