namespace RecSys.Embeddings.Methods;

/// <summary>
/// Adaptive embedding: the most frequent ids of a field have rows of their own, the others share the rest of the field's rows by a
/// hash. Id 0 ("unknown") counts as frequent.
/// </summary>
/// <remarks>
/// Zhang et al., "Experimental Analysis of Large-scale Learnable Vector Storage Compression", PVLDB 17(4), 2023, number 7; first in
/// DeepRec. There <c>top_percent</c> is a share of the ids and has to be below the compression rate; here <c>hot</c> is a share of the
/// rows that the budget pays for, so any budget works: top_percent = hot · compression rate.
/// </remarks>
internal sealed class AdaptMethod : EmbeddingMethod
{
    private const double DefaultHot = 0.5;

    /// <inheritdoc/>
    public override string Name => "adapt";

    /// <inheritdoc/>
    public override string Description => "Per field m < n rows of width d, in proportion to n; the hot·m most frequent ids have their own, the others share the rest by a hash.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·Σm, exactly the budget";

    /// <inheritdoc/>
    public override string Source => "Zhang et al., PVLDB 17(4), 2023";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hot"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        double hot = request.Options.GetFraction("hot", DefaultHot);
        long[] rowCounts = request.ProportionalRows(Name, request.RowByteCount(request.Dimension));
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < rowCounts.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            if (rowCounts[i] == field.VocabularySize)
            {
                builder.AddFull(field);
                continue;
            }

            // At least one row is left for the other ids.
            long hotCount = Math.Min((long)(hot * rowCounts[i]), rowCounts[i] - 1);
            int table = builder.AddTable(field.Name, rowCounts[i], request.Dimension, request.Initializer(field));
            var cold = new HashAddressing(request, field, 0, rowCounts[i] - hotCount);
            builder.AddField(field, new RowSource(table, new TieredAddressing(hotCount, cold)));
        }

        return builder.Build();
    }
}
