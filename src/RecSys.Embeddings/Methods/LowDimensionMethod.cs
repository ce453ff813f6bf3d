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
internal sealed class LowDimensionMethod : EmbeddingMethod, IVectorCompression
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
    public PhaseEnd Compress(MethodRequest request, IReadOnlyList<RowTable> vectors)
        => IsProjected(request)
            ? ProjectedRows.Compress(Build(request), vectors)
            : throw new ArgumentException($"Method '{Name}' cannot be made from trained vectors with 'projection: none', which fills narrow rows up with zeros; valid: projection: per_field.");

    /// <inheritdoc/>
    protected override MethodLayout Lay(MethodRequest request)
    {
        bool isProjected = IsProjected(request);
        int[] widths = Widths(request, Name, (field, width) => ByteCount(request, field, width, isProjected));
        var builder = new LayoutBuilder(request);
        for (int i = 0; i < widths.Length; i++)
            AddField(builder, request, request.Fields[i], widths[i], isProjected);
        return builder.Build();
    }

    private static bool IsProjected(MethodRequest request) => request.Options.GetChoice("projection", "none", "per_field") == "per_field";

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

    /// <summary>Widths per field that use up the budget; those of two fields differ by at most one.</summary>
    /// <param name="request">The request.</param>
    /// <param name="method">Name of the method, for the message.</param>
    /// <param name="byteCount">Bytes of a field at a width.</param>
    /// <exception cref="BudgetException">A width of 1 is more than the budget has room for.</exception>
    internal static int[] Widths(MethodRequest request, string method, Func<EmbeddingField, int, long> byteCount)
    {
        long Total(int width) => request.Fields.Sum(f => byteCount(f, width));

        request.RequireBytes(method, Total(1));
        int common = Enumerable.Range(1, request.Dimension).Last(c => Total(c) <= request.BudgetByteCount);
        int[] widths = [.. request.Fields.Select(_ => common)];
        WidthAllocation.Widen(request.Fields, widths, request.Dimension, (field, width) => byteCount(request.Fields[field], width), request.BudgetByteCount);
        return widths;
    }

    private static long ByteCount(MethodRequest request, EmbeddingField field, int width, bool isProjected)
        => isProjected ? ProjectedRows.ByteCount(request, field, width) : field.VocabularySize * request.RowByteCount(width);
}
