using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Lookups;

/// <summary>
/// The rows of an embedding set that some look-ups need, brought here in one call from wherever they live. To a
/// <see cref="DirectLookup"/> they are small tables in memory.
/// </summary>
/// <remarks>Reusable buffer; not thread-safe.</remarks>
public sealed class FetchedRows
{
    private readonly RowBatch[] _batches;
    private readonly IReadOnlyList<TableSpec> _tables;

    /// <summary>Creates it without rows.</summary>
    /// <param name="tables">Tables of the set.</param>
    /// <param name="firstTable">Index of the first of them in the reader of the rows.</param>
    public FetchedRows(IReadOnlyList<TableSpec> tables, int firstTable)
    {
        _tables = tables;
        _batches = [.. tables.Select((t, i) => new RowBatch(firstTable + i, t.Width) { IsPinned = true })];
    }

    /// <summary>The rows that are needed, for <see cref="IRowReader.Gather"/>: tables with rows, ascending.</summary>
    public RowBatch[] Batches => [.. _batches.Where(b => b.Count > 0)];

    /// <summary>Forgets all rows and keeps the memory.</summary>
    public void Clear()
    {
        foreach (RowBatch batch in _batches)
            batch.Clear();
    }

    /// <summary>Rows of a whole table, one that is small enough to be read as a whole.</summary>
    internal int RowCountOf(int table) => checked((int)_tables[table].RowCount);

    /// <summary>Adds rows; those that are there already stay once.</summary>
    internal void Add(int table, ReadOnlySpan<long> rows) => _batches[table].Add(rows);

    /// <summary>Turns rows of the table into their places in <see cref="MemoryOf"/>.</summary>
    /// <param name="table">Index of the table in the set.</param>
    /// <param name="rows">Rows that have been added; receives their places.</param>
    internal void Locate(int table, Span<long> rows) => _batches[table].Locate(rows);

    /// <summary>The rows of a table that were fetched, one after the other.</summary>
    internal TableMemory MemoryOf(int table) => new(_batches[table].Values, _batches[table].Width);
}
