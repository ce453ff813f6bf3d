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
    public override string Source => "Shi et al., KDD 2020";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["combine", Collisions];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        string combine = request.Options.GetChoice("combine", "mult", "add", "concat");
        if (combine == "concat" && request.Dimension < 2)
            throw new ArgumentException($"Method '{Name}' cannot concatenate two halves of a dimension of {request.Dimension}; use combine: mult or add.");

        SizeKnob[] knobs = [.. request.Fields.Select(f => Knob(request, f, isConcat: combine == "concat"))];
        long?[] divisors = request.Options.Names.Contains(Collisions, StringComparer.Ordinal)
            ? SharedDivisor(request, knobs)
            : KnobAllocation.Values(request, knobs, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < divisors.Length; i++)
        {
            if (divisors[i] is long divisor)
                AddSplit(builder, request, request.Fields[i], divisor, combine);
            else
                builder.AddFull(request.Fields[i]);
        }

        return builder.Build();
    }

    // From ⌈√n⌉ on, one more remainder row saves at most one quotient row, so the size never falls as the divisor grows.
    private static SizeKnob Knob(MethodRequest request, EmbeddingField field, bool isConcat)
    {
        long n = field.VocabularySize;
        var (quotientWidth, remainderWidth) = Widths(request.Dimension, isConcat);
        return new SizeKnob(request.FullRowsByteCount(field), CeilingRoot(n), n, divisor
            => (QuotientRows(n, divisor) * request.RowByteCount(quotientWidth)) + (divisor * request.RowByteCount(remainderWidth)));
    }

    private long?[] SharedDivisor(MethodRequest request, SizeKnob[] knobs)
    {
        int collisions = request.Options.GetInt32(Collisions, fallback: 1);
        long?[] divisors = [.. knobs.Select(k => k.ByteCount(collisions) < k.FullByteCount ? collisions : (long?)null)];
        request.RequireBytes(Name, knobs.Zip(divisors, (k, divisor) => divisor is long c ? k.ByteCount(c) : k.FullByteCount).Sum());
        return divisors;
    }

    private static long CeilingRoot(long number)
    {
        long root = (long)Math.Sqrt(number);
        while (root * root < number)
            root++;
        return root;
    }

    private static long QuotientRows(long vocabulary, long divisor) => (vocabulary + divisor - 1) / divisor;

    // The remainder table takes the larger half of an odd dimension.
    private static (int Quotient, int Remainder) Widths(int dimension, bool isConcat)
        => isConcat ? (dimension / 2, dimension - (dimension / 2)) : (dimension, dimension);

    private static void AddSplit(LayoutBuilder builder, MethodRequest request, EmbeddingField field, long divisor, string combine)
    {
        long quotientRows = QuotientRows(field.VocabularySize, divisor);
        var (quotientWidth, remainderWidth) = Widths(request.Dimension, combine == "concat");
        var target = request.Initializer(field);
        var (quotient, remainder) = combine switch
        {
            "mult" => target.ForProduct(),
            "add" => (target.ForSum(2), target.ForSum(2)),
            _ => (target, target),
        };
        RowSource[] sources =
        [
            new(builder.AddTable($"{field.Name}/quotient", quotientRows, quotientWidth, quotient), new DigitAddressing(divisor, quotientRows)),
            new(builder.AddTable($"{field.Name}/remainder", divisor, remainderWidth, remainder), new DigitAddressing(1, divisor)),
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
