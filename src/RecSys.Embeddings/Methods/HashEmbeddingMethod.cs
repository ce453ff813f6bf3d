namespace RecSys.Embeddings.Methods;

/// <summary>
/// Hash embeddings: the rows of several hashes are added, each times an importance weight of the id. The weights come from a second,
/// narrower table, by one more hash, or without a hash once it has a row for every id.
/// </summary>
/// <remarks>
/// Svenstrup et al., "Hash Embeddings for Efficient Word Representations", NeurIPS 2017. A <c>weight_share</c> of hashes / (d · budget
/// fraction) or more gives every id its own weights, as in the paper's experiments with a dictionary.
/// </remarks>
internal sealed class HashEmbeddingMethod : EmbeddingMethod
{
    private const double DefaultWeightShare = 0.5;

    /// <inheritdoc/>
    public override string Name => "hash_embedding";

    /// <inheritdoc/>
    public override string Description => "Per field B rows of width d and K ≤ n rows of k weights; id x reads k hashed rows and one row of weights, and adds the rows times their weights.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ(B·d+K·k), the budget; weight_share of it are weights";

    /// <inheritdoc/>
    public override string Source => "Svenstrup et al., NeurIPS 2017";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["hashes", "weight_share"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        int hashes = request.Options.GetInt32("hashes", 2);
        double share = request.Options.GetFraction("weight_share", DefaultWeightShare);
        SizeKnob[] knobs = [.. request.Fields.Select(f => Knob(request, f, hashes, share))];
        long?[] rowCounts = KnobAllocation.Values(request, knobs, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < rowCounts.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            if (rowCounts[i] is long rowCount)
                AddWeighted(builder, request, field, rowCount, WeightRows(request, field, rowCount, hashes, share), hashes);
            else
                builder.AddFull(field);
        }

        return builder.Build();
    }

    private static SizeKnob Knob(MethodRequest request, EmbeddingField field, int hashes, double share)
        => new(request.FullRowsByteCount(field), Smallest: 1, Largest: field.VocabularySize, rowCount
            => (rowCount * request.RowByteCount(request.Dimension))
                + (WeightRows(request, field, rowCount, hashes, share) * request.RowByteCount(hashes)));

    // As many as make the weights their share of the field's bytes; more than one row of weights per id would never be read.
    private static long WeightRows(MethodRequest request, EmbeddingField field, long rowCount, int hashes, double share)
    {
        double rowBytes = (double)rowCount * request.RowByteCount(request.Dimension);
        return (long)Math.Clamp(rowBytes * share / ((1 - share) * request.RowByteCount(hashes)), 1, field.VocabularySize);
    }

    private static void AddWeighted(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long rowCount, long weightRows, int hashes)
    {
        var (rows, weights) = request.Initializer(field).ForWeightedSum(hashes);
        int weightTable = builder.AddTable($"{field.Name}/weights", weightRows, hashes, weights);
        int table = builder.AddTable($"{field.Name}/rows", rowCount, request.Dimension, rows);
        var sources = new RowSource[1 + hashes];
        sources[0] = new RowSource(
            weightTable,
            weightRows == field.VocabularySize ? IdentityAddressing.Instance : new HashAddressing(request, field, hashes, weightRows));
        for (int j = 0; j < hashes; j++)
            sources[1 + j] = new RowSource(table, new HashAddressing(request, field, j, rowCount));
        builder.AddField(field, new WeightedSumCombination(request.Dimension), sources);
    }
}
