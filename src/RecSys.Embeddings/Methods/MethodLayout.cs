using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>The result of a method: tables, and for each field how ids reach rows and rows become a vector.</summary>
/// <param name="Dimension">Width of the vectors.</param>
/// <param name="Tables">Physical tables.</param>
/// <param name="Fields">One entry per field, in the order of the request.</param>
/// <param name="AuxiliaryBytes">Serving bytes beside the rows: remap tables, codes, masks, hash coefficients.</param>
/// <remarks>It owns its masks, but not the arrays of the state that it was laid out for.</remarks>
public sealed record MethodLayout(
    int Dimension,
    IReadOnlyList<TableSpec> Tables,
    IReadOnlyList<FieldLayout> Fields,
    long AuxiliaryBytes) : IDisposable
{
    /// <summary>The masks of tables and addressings.</summary>
    internal IReadOnlyList<RowMask> Masks { get; init; } = [];

    /// <summary>Bytes of all rows in their precision and of the auxiliary data.</summary>
    public long ByteCount => Tables.Sum(t => t.ByteCount) + AuxiliaryBytes;

    /// <summary>Bytes that are served in the end: those of the last phase's layout. This is what a budget limits.</summary>
    /// <value><see cref="ByteCount"/> if the layout is that of the last phase.</value>
    public long ServeByteCount
    {
        get => field == 0 ? ByteCount : field;
        init;
    }

    /// <summary>The part of <see cref="ServeByteCount"/> that is not rows.</summary>
    /// <value><see cref="AuxiliaryBytes"/> if the layout is that of the last phase.</value>
    public long ServeAuxiliaryBytes
    {
        get => field < 0 ? AuxiliaryBytes : field;
        init;
    } = -1;

    /// <summary>Frees the masks. A layout that was joined with others still needs them.</summary>
    public void Dispose()
    {
        foreach (RowMask mask in Masks)
            mask.Dispose();
    }

    /// <summary>The layout of one field.</summary>
    /// <param name="field">A field of the request.</param>
    /// <exception cref="ArgumentException">The field is not laid out here.</exception>
    public FieldLayout Of(EmbeddingField field)
        => Fields.FirstOrDefault(f => f.Field == field)
            ?? throw new ArgumentException(
                $"The layout has no field '{field.Name}' with {field.VocabularySize} ids; it has {string.Join(", ", Fields.Select(f => $"'{f.Field.Name}' ({f.Field.VocabularySize})"))}.",
                nameof(field));

    /// <summary>The layout of the last phase with rows kept in another precision: tables of the same shapes.</summary>
    /// <param name="precision">How rows are kept. With fewer bits than they have: those that get smaller, which narrow ones with a scale each do not.</param>
    /// <exception cref="ArgumentException">Single numbers are kept, which are always fp32; or a phase follows.</exception>
    public MethodLayout KeptAs(RowPrecision precision)
    {
        if (ServeByteCount != ByteCount)
            throw new ArgumentException("Rows can change their precision only in the last phase of a method.", nameof(precision));
        if (Tables.FirstOrDefault(t => t.Mask is not null) is { } masked)
            throw new ArgumentException($"Table '{masked.Name}' keeps single numbers of fp32 and cannot be turned into rows of {precision}; use precision: fp32.", nameof(precision));
        return this with
        {
            Tables = [.. Tables.Select(t => t.IsTrained && (precision.Bits > t.Precision.Bits || precision.RowByteCount(t.Width) < t.RowByteCount) ? t with { Precision = precision } : t)],
            ServeByteCount = 0,
        };
    }

    /// <summary>
    /// Joins the layouts of disjoint groups of fields into one, so that the fields of a set can use different methods and budgets.
    /// </summary>
    /// <param name="layouts">At least one layout, all of one dimension. Fields and tables keep this order.</param>
    /// <exception cref="ArgumentException">Different dimensions, or a field or table name that occurs twice.</exception>
    public static MethodLayout Concat(params IReadOnlyList<MethodLayout> layouts)
    {
        if (layouts.Count == 0)
            throw new ArgumentException("At least one layout is needed.", nameof(layouts));

        var tables = new List<TableSpec>();
        var fields = new List<FieldLayout>();
        foreach (MethodLayout layout in layouts)
        {
            if (layout.Dimension != layouts[0].Dimension)
                throw new ArgumentException($"Layouts of dimension {layouts[0].Dimension} and {layout.Dimension} cannot be joined.", nameof(layouts));
            int firstTable = tables.Count;
            tables.AddRange(layout.Tables);
            fields.AddRange(layout.Fields.Select(f => f with { Sources = [.. f.Sources.Select(s => s.IsCode ? s : s with { Table = s.Table + firstTable })] }));
        }

        RequireUnique(fields.Select(f => f.Field.Name), "field");
        RequireUnique(tables.Select(t => t.Name), "table");
        return new MethodLayout(layouts[0].Dimension, tables, fields, layouts.Sum(l => l.AuxiliaryBytes))
        {
            ServeByteCount = layouts.Sum(l => l.ServeByteCount),
            ServeAuxiliaryBytes = layouts.Sum(l => l.ServeAuxiliaryBytes),
        };
    }

    private static void RequireUnique(IEnumerable<string> names, string what)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (string name in names)
        {
            if (!seen.Add(name))
                throw new ArgumentException($"The {what} '{name}' occurs in two of the joined layouts; give each group its own fields and set name.");
        }
    }
}
