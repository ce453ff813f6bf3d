using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings;

/// <summary>
/// What a layout costs, known before anything is allocated. Serving, training and disk are kept apart: a method may save one and
/// not the other, and a budget limits serving alone.
/// </summary>
/// <param name="Tables">One line per table.</param>
/// <param name="Auxiliary">Bytes beside the rows: remap tables, codes, masks, hash coefficients.</param>
/// <param name="Stored">The part of <paramref name="Auxiliary"/> that a checkpoint holds; the rest follows from it.</param>
/// <param name="Serve">Bytes that a server needs in the end; what a budget limits. Rows and auxiliary data of the last phase of a method.</param>
/// <param name="ServeAuxiliary">The part of <paramref name="Serve"/> that is not rows.</param>
public sealed record ByteLedger(IReadOnlyList<TableBytes> Tables, long Auxiliary, long Stored, long Serve, long ServeAuxiliary)
{
    /// <summary>Bytes of all rows.</summary>
    public long Parameters => Tables.Sum(t => t.Parameters);

    /// <summary>Bytes while training: rows, auxiliary data, optimiser state, and the row gradients of one mini-batch.</summary>
    public long TrainingPeak => Parameters + Auxiliary + Tables.Sum(t => t.State + t.Gradients);

    /// <summary>Bytes of a checkpoint without its headers: rows, auxiliary data and optimiser state.</summary>
    public long Disk => Parameters + Stored + Tables.Sum(t => t.State);

    /// <summary>Computes the ledger of a layout.</summary>
    /// <param name="layout">The layout.</param>
    /// <param name="stateWidth">Numbers of optimiser state per row, for a row width.</param>
    /// <param name="idsPerField">Most ids of a field in one mini-batch: batch size × ids per sample over all features of the field.</param>
    public static ByteLedger Of(MethodLayout layout, Func<int, int> stateWidth, Func<EmbeddingField, long> idsPerField)
    {
        long[] touched = TouchedRows(layout, idsPerField);
        long rebuilt = layout.Tables.Sum(t => t.Mask?.CountsByteCount ?? 0);
        return new ByteLedger(
            [.. layout.Tables.Select((t, i) => Line(t, stateWidth(t.Width), touched[i]))],
            layout.AuxiliaryBytes,
            layout.AuxiliaryBytes - rebuilt,
            layout.ServeByteCount,
            layout.ServeAuxiliaryBytes);
    }

    private static TableBytes Line(TableSpec table, int stateWidth, long touchedRows)
        => new(
            table.Name,
            table.RowCount,
            table.Width,
            table.ByteCount,
            table.RowCount * stateWidth * sizeof(float),
            touchedRows * table.Width * sizeof(float));

    private static long[] TouchedRows(MethodLayout layout, Func<EmbeddingField, long> idsPerField)
    {
        var touched = new long[layout.Tables.Count];
        foreach (FieldLayout field in layout.Fields)
        {
            long ids = Math.Min(idsPerField(field.Field), field.Field.VocabularySize);
            foreach (RowSource source in field.Sources.Where(s => !s.IsCode))
            {
                long rowCount = layout.Tables[source.Table].RowCount;
                touched[source.Table] = Math.Min(rowCount, touched[source.Table] + (source.Addressing is null ? rowCount : ids));
            }
        }

        return touched;
    }
}
