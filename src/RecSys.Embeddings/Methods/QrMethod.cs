namespace RecSys.Embeddings.Methods;

/// <summary>
/// Quotient–remainder and its generalisation to k parts: an id is written as k digits, each of which reads a row of its own table. All
/// digits together are different for every id, so no two ids share a vector by construction. The rows are multiplied, added or
/// concatenated. With two parts in a mixed radix, id x reads row ⌊x / D⌋ of one table and row x mod D of another.
/// </summary>
/// <remarks>Shi et al., "Compositional Embeddings Using Complementary Partitions for Memory-Efficient Recommendation Systems", KDD 2020.</remarks>
internal sealed class QrMethod : EmbeddingMethod
{
    private const string Collisions = "collisions";

    /// <inheritdoc/>
    public override string Name => "qr";

    /// <inheritdoc/>
    public override string Description
        => "Per field one table for each of k digits of an id (k = 2: quotient and remainder by D), combined by mult, add or concat; D from the budget, or one shared D = collisions.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·d·Σ(⌈n/D⌉+D), or n where that is less; k parts: 4·d·Σ(D+D₁+…) with D·D₁⋯ ≥ n; concat: the k-th part";

    /// <inheritdoc/>
    public override string Source => "Shi et al., KDD 2020";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["combine", Collisions, "parts", "radix"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        string combine = request.Options.GetChoice("combine", "mult", "add", "concat");
        int parts = request.Options.GetInt32("parts", 2, minimum: 2);
        bool isChinese = request.Options.GetChoice("radix", "mixed", "chinese") == "chinese";
        if (combine == "concat" && request.Dimension < parts)
            throw new ArgumentException(
                $"Method '{Name}' cannot concatenate {(parts == 2 ? "two halves" : $"{parts} parts")} of a dimension of {request.Dimension}; use combine: mult or add.");

        int[] widths = combine == "concat" ? request.Slices(parts) : [.. Enumerable.Repeat(request.Dimension, parts)];
        SizeKnob[] knobs = [.. request.Fields.Select(f => Knob(request, f, widths, isChinese))];
        long?[] divisors = request.Options.Names.Contains(Collisions, StringComparer.Ordinal)
            ? SharedDivisor(request, knobs, isAllowed: parts == 2 && !isChinese)
            : KnobAllocation.Values(request, knobs, Name);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < divisors.Length; i++)
        {
            EmbeddingField field = request.Fields[i];
            if (divisors[i] is long divisor)
                AddSplit(builder, request, field, Sizes(field, parts, divisor, isChinese), widths, isChinese, combine);
            else
                builder.AddFull(field);
        }

        return builder.Build();
    }

    private static long[] Sizes(EmbeddingField field, int parts, long divisor, bool isChinese)
        => isChinese ? Radices.Coprime(field.VocabularySize, parts, divisor) : Radices.Mixed(field.VocabularySize, parts, divisor);

    // With the k-th root, rounded up, the sizes are balanced; from there on, one more row saves at most one row of the other tables, so
    // the size never falls as the divisor grows.
    private static SizeKnob Knob(MethodRequest request, EmbeddingField field, int[] widths, bool isChinese)
    {
        long n = field.VocabularySize;
        long ByteCount(long divisor) => Sizes(field, widths.Length, divisor, isChinese).Zip(widths, (rows, width) => rows * request.RowByteCount(width)).Sum();
        long root = Radices.CeilingRoot(n, widths.Length);

        // Common factors push coprime sizes up by a few rows, here more and there less, so the smallest has to be looked for.
        long smallest = isChinese ? Enumerable.Range(0, (int)root + 64).Select(more => root + more).MinBy(ByteCount) : root;
        return new SizeKnob(request.FullRowsByteCount(field), smallest, Math.Max(n, smallest), ByteCount);
    }

    private long?[] SharedDivisor(MethodRequest request, SizeKnob[] knobs, bool isAllowed)
    {
        int collisions = request.Options.GetInt32(Collisions, fallback: 1);
        if (!isAllowed)
            throw new ArgumentException($"Method '{Name}' knows {Collisions} only with parts: 2 and radix: mixed; leave it out.");
        long?[] divisors = [.. knobs.Select(k => k.ByteCount(collisions) < k.FullByteCount ? collisions : (long?)null)];
        request.RequireBytes(Name, knobs.Zip(divisors, (k, divisor) => divisor is long c ? k.ByteCount(c) : k.FullByteCount).Sum());
        return divisors;
    }

    // The highest digit comes first, as numbers are written.
    private static void AddSplit(
        LayoutBuilder builder, MethodRequest request, EmbeddingField field, long[] sizes, int[] widths, bool isChinese, string combine)
    {
        int parts = sizes.Length;
        var target = request.Initializer(field);
        var (first, others) = combine switch
        {
            "mult" => target.ForProduct(parts),
            "add" => (target.ForSum(parts), target.ForSum(parts)),
            _ => (target, target),
        };
        DigitAddressing[] digits = isChinese ? [.. sizes.Select(size => new DigitAddressing(1, size))] : Radices.Digits(sizes);
        var sources = new RowSource[parts];
        for (int s = 0; s < parts; s++)
        {
            int digit = parts - 1 - s;
            string name = isChinese ? $"residue_{digit}" : digit == 0 ? "remainder" : s == 0 ? "quotient" : $"digit_{digit}";
            int table = builder.AddTable($"{field.Name}/{name}", sizes[digit], widths[digit], s == 0 ? first : others);
            sources[s] = new RowSource(table, digits[digit]);
        }

        Combination combination = combine switch
        {
            "mult" => new MultiplyCombination(request.Dimension),
            "add" => new SumCombination(request.Dimension, scale: 1),
            _ => ConcatCombination.Instance(request.Dimension),
        };
        builder.AddField(field, combination, sources);
    }
}
