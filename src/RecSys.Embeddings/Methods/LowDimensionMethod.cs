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
    public override string Source => "baseline; widths per field: Ginart et al., ISIT 2021";

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
        if (isProjected)
        {
            ProjectedRows.Add(builder, request, field, width);
            return;
        }

        if (width == request.Dimension)
        {
            builder.AddFull(field);
            return;
        }

        int table = builder.AddTable(field.Name, field.VocabularySize, width, request.Initializer(field));
        builder.AddField(field, new RowSource(table, IdentityAddressing.Instance));
    }

    private int[] Widths(MethodRequest request, bool isProjected)
    {
        long BytesOf(int index, int width) => ByteCount(request, request.Fields[index], width, isProjected);
        long Total(int width) => Enumerable.Range(0, request.Fields.Count).Sum(i => BytesOf(i, width));

        request.RequireBytes(Name, Total(1));
        int common = Enumerable.Range(1, request.Dimension).Last(c => Total(c) <= request.BudgetByteCount);
        int[] widths = [.. request.Fields.Select(_ => common)];
        WidthAllocation.Widen(request.Fields, widths, request.Dimension, BytesOf, request.BudgetByteCount);
        return widths;
    }

    private static long ByteCount(MethodRequest request, EmbeddingField field, int width, bool isProjected)
        => isProjected ? ProjectedRows.ByteCount(request, field, width) : field.VocabularySize * request.RowByteCount(width);
}
