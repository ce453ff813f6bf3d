namespace RecSys.Embeddings.Methods;

/// <summary>
/// Quotient–remainder: id x reads row ⌊x / D⌋ of one table and row x mod D of another. The pair of rows is different for every
/// id, so no two ids share a vector by construction. The rows are multiplied, added or concatenated.
/// </summary>
/// <remarks>Shi et al., "Compositional Embeddings Using Complementary Partitions for Memory-Efficient Recommendation Systems", KDD 2020.</remarks>
internal sealed class QrMethod : EmbeddingMethod
{
    private const string Collisions = "collisions";

    /// <inheritdoc/>
    public override string Name => "qr";

    /// <inheritdoc/>
    public override string Description
        => "Per field a quotient table of ⌈n/D⌉ rows and a remainder table of D rows, combined by mult, add or concat; D from the budget, or one shared D = collisions.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·Σ(⌈n/D⌉+D), or n where that is less; concat: half";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["combine", Collisions];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        string combine = request.Options.GetChoice("combine", "mult", "add", "concat");
        if (combine == "concat" && request.Dimension < 2)
            throw new ArgumentException($"Method '{Name}' cannot concatenate two halves of a dimension of {request.Dimension}; use combine: mult or add.");

        QrSplit[] splits = [.. request.Fields.Select(f => QrSplit.Of(f.VocabularySize, request.Dimension, isConcat: combine == "concat"))];
        long?[] divisors = request.Options.Names.Contains(Collisions, StringComparer.Ordinal)
            ? SharedDivisor(request, splits)
            : QrAllocation.Divisors(request, splits, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < splits.Length; i++)
        {
            if (divisors[i] is long divisor)
                AddSplit(builder, request, request.Fields[i], splits[i], divisor, combine);
            else
                builder.AddFull(request.Fields[i]);
        }

        return builder.Build();
    }

    private long?[] SharedDivisor(MethodRequest request, QrSplit[] splits)
    {
        int collisions = request.Options.GetInt32(Collisions, fallback: 1);
        long?[] divisors = [.. splits.Select(s => s.Floats(collisions) < s.FullFloats ? collisions : (long?)null)];
        long floats = splits.Zip(divisors, (s, divisor) => divisor is long c ? s.Floats(c) : s.FullFloats).Sum();
        request.RequireBytes(Name, floats * sizeof(float));
        return divisors;
    }

    private static void AddSplit(LayoutBuilder builder, MethodRequest request, EmbeddingField field, QrSplit split, long divisor, string combine)
    {
        var target = request.Initializer(field);
        var (quotient, remainder) = combine switch
        {
            "mult" => target.ForProduct(),
            "add" => (target.ForSum(2), target.ForSum(2)),
            _ => (target, target),
        };
        RowSource[] sources =
        [
            new(builder.AddTable($"{field.Name}/quotient", split.QuotientRows(divisor), split.QuotientWidth, quotient), new QuotientAddressing(divisor)),
            new(builder.AddTable($"{field.Name}/remainder", divisor, split.RemainderWidth, remainder), new ModuloAddressing(divisor)),
        ];
        Combination combination = combine switch
        {
            "mult" => new MultiplyCombination(request.Dimension),
            "add" => new SumCombination(request.Dimension, scale: 1),
            _ => ConcatCombination.Instance(request.Dimension),
        };
        builder.AddField(field, combination, sources);
    }
}
