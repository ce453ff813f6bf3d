using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// MEmCom: ids share rows by their number modulo m, and every id scales its shared row by a number of its own and, with a bias, adds
/// another to all of it. It starts as the hashing trick: scales of 1, biases of 0.
/// </summary>
/// <remarks>
/// Pansare et al., "Learning Compressed Embeddings for On-Device Inference", MLSys 2022. Ids are numbered by falling frequency in the
/// training split, so no two of the m most frequent ids share a row.
/// </remarks>
internal sealed class MemcomMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "memcom";

    /// <inheritdoc/>
    public override string Description => "Per field m < n rows of width d that ids share by x mod m, and one number per id that scales its row (bias: true: a second that is added to it).";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ(m·d+n), the budget; with bias 4·Σ(m·d+2·n)";

    /// <inheritdoc/>
    public override string Source => "Pansare et al., MLSys 2022";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["bias"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        bool hasBias = request.Options.GetChoice("bias", "false", "true") == "true";
        SizeKnob[] knobs = [.. request.Fields.Select(f => Knob(request, f, hasBias))];
        long?[] rowCounts = KnobAllocation.Values(request, knobs, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < rowCounts.Length; i++)
        {
            if (rowCounts[i] is long rowCount)
                AddShared(builder, request, request.Fields[i], rowCount, hasBias);
            else
                builder.AddFull(request.Fields[i]);
        }

        return builder.Build();
    }

    private static SizeKnob Knob(MethodRequest request, EmbeddingField field, bool hasBias)
    {
        long perId = field.VocabularySize * request.RowByteCount(1) * (hasBias ? 2 : 1);
        return new(request.FullRowsByteCount(field), Smallest: 1, Largest: field.VocabularySize, m => (m * request.RowByteCount(request.Dimension)) + perId);
    }

    private static void AddShared(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long rowCount, bool hasBias)
    {
        int shared = builder.AddTable($"{field.Name}/shared", rowCount, request.Dimension, request.Initializer(field));
        int scale = builder.AddTable($"{field.Name}/scale", field.VocabularySize, 1, new Initializer(InitialDistribution.Constant, 1));
        List<RowSource> sources = [new(scale, IdentityAddressing.Instance), new(shared, new DigitAddressing(1, rowCount))];
        if (hasBias)
            sources.Add(new(builder.AddTable($"{field.Name}/bias", field.VocabularySize, 1, Initializer.Zero), IdentityAddressing.Instance));
        builder.AddField(field, new WeightedSumCombination(request.Dimension), sources);
    }
}
