using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings;

/// <summary>
/// What a layout costs, known before anything is allocated. Serving, training and disk are kept apart: a method may save one and
/// not the other, and a budget limits serving alone.
/// </summary>
/// <param name="Tables">One line per table.</param>
/// <param name="Auxiliary">Bytes beside the rows: remap tables, codes, masks, hash coefficients.</param>
/// <param name="Serve">Bytes that a server needs in the end; what a budget limits. Rows and auxiliary data of the last phase of a method.</param>
public sealed record ByteLedger(IReadOnlyList<TableBytes> Tables, long Auxiliary, long Serve)
{
    /// <summary>Bytes of all rows.</summary>
    public long Parameters => Tables.Sum(t => t.Parameters);

    /// <summary>Bytes while training: rows, auxiliary data, optimiser state, and the row gradients of one mini-batch.</summary>
    public long TrainingPeak => Parameters + Auxiliary + Tables.Sum(t => t.State + t.Gradients);

    /// <summary>Bytes of a checkpoint without its headers: rows, auxiliary data and optimiser state.</summary>
    public long Disk => Parameters + Auxiliary + Tables.Sum(t => t.State);

    /// <summary>Computes the ledger of a layout.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="stateWidth">Numbers of optimiser state per row, for a row width.</param>
    /// <param name="idsPerField">Ids of one field in one mini-batch: batch size × ids per sample over all features of the field.</param>
    public static ByteLedger Of(MethodLayout layout, Func<int, int> stateWidth, long idsPerField)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(idsPerField);
        long[] touched = TouchedRows(layout, idsPerField);
        return new ByteLedger([.. layout.Tables.Select((t, i) => Line(t, stateWidth(t.Width), touched[i]))], layout.AuxiliaryBytes, layout.ServeByteCount);
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
