using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Every id keeps its own row, but the rows are narrower than the vectors: filled up with zeros, or projected to the full width
/// by one learned matrix per field. The widths of two fields differ by at most one.
/// </summary>
/// <remarks>
/// The baseline that any sharing scheme has to beat: Ginart et al., "Mixed Dimension Embeddings with Application to
/// Memory-Efficient Recommendation Systems", ISIT 2021, with one width for all fields.
/// </remarks>
internal sealed class LowDimensionMethod : EmbeddingMethod
{
    /// <inheritdoc/>
    public override string Name => "low_dimension";

    /// <inheritdoc/>
    public override string Description => "One row of width c < d per id, padded with zeros or (projection: per_field) multiplied by a learned c × d matrix per field.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ(n·c), with projection 4·Σ(n·c+c·d); the nearest size below the budget";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["projection"];

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        bool isProjected = request.Options.GetChoice("projection", "none", "per_field") == "per_field";
        int[] widths = Widths(request, isProjected);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < widths.Length; i++)
            AddField(builder, request, request.Fields[i], widths[i], isProjected);
        return builder.Build();
    }

    private static void AddField(LayoutBuilder builder, MethodRequest request, EmbeddingField field, int width, bool isProjected)
    {
        if (width == request.Dimension || (isProjected && !Shrinks(request, field, width)))
        {
            builder.AddFull(field);
            return;
        }

        int table = builder.AddTable(field.Name, field.VocabularySize, width, request.Initializer(field));
        var rows = new RowSource(table, IdentityAddressing.Instance);
        if (!isProjected)
        {
            builder.AddField(field, rows);
            return;
        }

        // Each output is a sum of `width` products; a variance of 1/width per matrix entry keeps the variance of the rows.
        int projection = builder.AddTable($"{field.Name}/projection", width, request.Dimension, Initializer.Normal(1 / Math.Sqrt(width)));
        builder.AddField(field, new ProjectionCombination(request.Dimension), rows, new RowSource(projection, Addressing: null));
    }

    private int[] Widths(MethodRequest request, bool isProjected)
    {
        long BytesOf(int index, int width) => ByteCount(request, request.Fields[index], width, isProjected);
        long Total(int width) => Enumerable.Range(0, request.Fields.Count).Sum(i => BytesOf(i, width));

        request.RequireBytes(Name, Total(1));
        int common = Enumerable.Range(1, request.Dimension).Last(c => Total(c) <= request.BudgetByteCount);
        if (common == request.Dimension)
            return [.. request.Fields.Select(_ => common)];

        var more = new long[request.Fields.Count];
        for (int i = 0; i < more.Length; i++)
            more[i] = BytesOf(i, common + 1) - BytesOf(i, common);
        bool[] isWider = LargestSubset([.. RowAllocation.InOrder(request.Fields)], more, request.BudgetByteCount - Total(common));
        return [.. isWider.Select(wider => wider ? common + 1 : common)];
    }

    // Which fields get one more number per row: largest first as long as they fit, once with every field allowed and once without
    // each of them, because a single large field can block a better mixture.
    private static bool[] LargestSubset(int[] order, long[] sizes, long limit)
    {
        var best = new bool[sizes.Length];
        long bestSum = -1;
        foreach (int leftOut in order.Prepend(-1))
        {
            var chosen = new bool[sizes.Length];
            long sum = 0;
            foreach (int i in order)
            {
                if (i == leftOut || sum + sizes[i] > limit)
                    continue;
                chosen[i] = true;
                sum += sizes[i];
            }

            if (sum > bestSum)
                (best, bestSum) = (chosen, sum);
        }

        return best;
    }

    private static long ByteCount(MethodRequest request, EmbeddingField field, int width, bool isProjected)
    {
        long rows = field.VocabularySize * request.RowByteCount(width);
        if (!isProjected)
            return rows;
        return Shrinks(request, field, width) ? rows + (width * request.RowByteCount(request.Dimension)) : request.FullRowsByteCount(field);
    }

    // Rows and projection of a small field can take more room than its full table; it is then stored in full.
    private static bool Shrinks(MethodRequest request, EmbeddingField field, int width)
        => width < request.Dimension
            && (field.VocabularySize * request.RowByteCount(width)) + (width * request.RowByteCount(request.Dimension)) < request.FullRowsByteCount(field);
}
