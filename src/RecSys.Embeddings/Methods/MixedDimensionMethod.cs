using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Mixed dimensions: the more ids a field has, the narrower its rows, width = d·(n₀ / n)^α with n₀ the ids of the smallest field. A
/// learned matrix per field makes vectors of width d of them. The temperature α ≥ 0 is the smallest that meets the budget: 0 stores
/// every field in full, and no α narrows the smallest field.
/// </summary>
/// <remarks>
/// Ginart et al., "Mixed Dimension Embeddings with Application to Memory-Efficient Recommendation Systems", ISIT 2021. They take α up
/// to 1; here it grows until every field but the smallest has width 1, which is what small budgets need when vocabularies are alike.
/// </remarks>
internal sealed class MixedDimensionMethod : EmbeddingMethod, IVectorCompression
{
    private const int BisectionSteps = 100;

    /// <inheritdoc/>
    public override string Name => "mixed_dimension";

    /// <inheritdoc/>
    public override string Description => "One row of width c = d·(smallest n / n)^α per id, multiplied by a learned c × d matrix per field; α from the budget.";

    /// <inheritdoc/>
    public override string ByteFormula => "4·Σ(n·c+c·d), or 4·n·d where that is less; the nearest size below the budget";

    /// <inheritdoc/>
    public override string Source => "Ginart et al., ISIT 2021";

    /// <inheritdoc/>
    public override IReadOnlyList<string> OptionNames => ["round"];

    /// <inheritdoc/>
    public PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors) => ProjectedRows.Compress(Build(request), vectors);

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        bool isRounded = request.Options.GetChoice("round", "power_of_two", "none") == "power_of_two";
        int[] widths = Widths(request, isRounded);
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < widths.Length; i++)
            ProjectedRows.Add(builder, request, request.Fields[i], widths[i]);
        return builder.Build();
    }

    private int[] Widths(MethodRequest request, bool isRounded)
    {
        long smallest = request.Fields.Min(f => f.VocabularySize);
        long BytesOf(int index, int width) => ProjectedRows.ByteCount(request, request.Fields[index], width);
        int[] At(double alpha) => [.. request.Fields.Select(f => Width(request.Dimension, (double)smallest / f.VocabularySize, alpha, isRounded))];
        long Total(double alpha) => At(alpha).Select((width, i) => BytesOf(i, width)).Sum();

        request.RequireBytes(Name, Total(double.PositiveInfinity));
        int[] widths = At(SmallestAlpha(Total, request.BudgetByteCount));

        // One more number for a large field can be more than what is left; then smaller fields get wider than their formula.
        while (!isRounded && WidthAllocation.Widen(request.Fields, widths, request.Dimension, BytesOf, request.BudgetByteCount))
            continue;
        return widths;
    }

    // Widths and bytes never grow with α, and a finite one reaches the widths of an infinite one.
    private static double SmallestAlpha(Func<double, long> byteCount, long budget)
    {
        if (byteCount(0) <= budget)
            return 0;
        double low = 0;
        double high = 1;
        for (; byteCount(high) > budget; high *= 2)
            low = high;
        for (int step = 0; step < BisectionSteps; step++)
        {
            double middle = (low + high) / 2;
            if (byteCount(middle) <= budget)
                high = middle;
            else
                low = middle;
        }

        return high;
    }

    // share = n₀ / n.
    private static int Width(int dimension, double share, double alpha, bool isRounded)
    {
        if (share == 1 || alpha == 0)
            return dimension;
        double width = dimension * Math.Pow(share, alpha);
        if (!isRounded)
            return Math.Max(1, (int)width);

        // Twice, as the authors' code does: to a whole number, then to a power of two on a logarithmic scale.
        double whole = Math.Max(1, Math.Round(width));
        return Math.Min(dimension, (int)Math.Pow(2, Math.Round(Math.Log2(whole))));
    }
}
