using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Rows;

/// <summary>Tables piece by piece, so that rows that are elsewhere can be read and written without memory for whole tables.</summary>
internal static class TableParts
{
    private const long PartByteCount = 64 << 20;

    /// <summary>Visits the tables in parts of a size that fits any memory. A table with a mask is one part: its rows have no places in a file.</summary>
    /// <param name="tables">The tables.</param>
    /// <param name="optimizer">Optimiser whose state the parts have room for.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <param name="isFilled">Whether rows have their first values.</param>
    /// <param name="visit">Receives the index of a table and room for consecutive rows.</param>
    public static void Visit(IReadOnlyList<TableSpec> tables, SparseOptimizer optimizer, ulong seed, bool isFilled, Action<int, RowTable> visit)
    {
        foreach ((int index, var table) in tables.Index())
        {
            long size = table.Mask is null ? Math.Max(1, PartByteCount / (table.RowByteCount + (optimizer.StateWidth(table.Width) * sizeof(float)))) : table.RowCount;
            for (long first = 0; first < table.RowCount; first += size)
            {
                var spec = table with { RowCount = Math.Min(size, table.RowCount - first), Numbers = table.Numbers with { First = table.Numbers.Of(first) } };
                using var part = isFilled ? new RowTable(spec, optimizer, seed) : RowTable.CreateUnfilled(spec, optimizer, seed);
                visit(index, part);
            }
        }
    }
}
