using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings;

/// <summary>
/// What a layout costs, known before anything is allocated. Serving, training and disk are kept apart: a method may save one and
/// not the other, and a budget limits serving alone.
/// </summary>
/// <param name="Tables">One line per table.</param>
/// <param name="ServeAuxiliary">Serving bytes beside the rows: remap tables, codes, masks, hash coefficients.</param>
public sealed record ByteLedger(IReadOnlyList<TableBytes> Tables, long ServeAuxiliary)
{
    /// <summary>Bytes of all rows, as served.</summary>
    public long ServeParameters => Tables.Sum(t => t.Parameters);

    /// <summary>Bytes a server needs; what a budget limits.</summary>
    public long Serve => ServeParameters + ServeAuxiliary;

    /// <summary>Bytes while training: what is served, the optimiser state, and the row gradients of one mini-batch.</summary>
    public long TrainingPeak => Serve + Tables.Sum(t => t.State + t.Gradients);

    /// <summary>Bytes of a checkpoint without its headers: what is served and the optimiser state.</summary>
    public long Disk => Serve + Tables.Sum(t => t.State);

    /// <summary>Computes the ledger of a layout.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="stateWidth">Numbers of optimiser state per row, for a row width.</param>
    /// <param name="idsPerField">Ids of one field in one mini-batch: batch size × ids per sample over all features of the field.</param>
    public static ByteLedger Of(MethodLayout layout, Func<int, int> stateWidth, long idsPerField)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(idsPerField);
        long[] touched = TouchedRows(layout, idsPerField);
        return new ByteLedger([.. layout.Tables.Select((t, i) => Line(t, stateWidth(t.Width), touched[i]))], layout.AuxiliaryBytes);
    }

    private static TableBytes Line(TableSpec table, int stateWidth, long touchedRows)
        => new(
            table.Name,
            table.RowCount,
            table.Width,
            table.ByteCount,
            table.RowCount * stateWidth * sizeof(float),
            touchedRows * table.Width * sizeof(float));

    private static long[] TouchedRows(MethodLayout layout, long idsPerField)
    {
        var touched = new long[layout.Tables.Count];
        foreach (RowSource source in layout.Fields.SelectMany(f => f.Sources))
        {
            if (source.IsCode)
                continue;
            long rowCount = layout.Tables[source.Table].RowCount;
            long more = source.Addressing is null ? rowCount : idsPerField;
            touched[source.Table] = Math.Min(rowCount, touched[source.Table] + more);
        }

        return touched;
    }
}
