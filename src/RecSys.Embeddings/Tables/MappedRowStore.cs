using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tables;

/// <summary>Rows of a safetensors file, read in place: opening copies nothing, and the system keeps the rows in use in memory.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class MappedRowStore : IRowReader
{
    private readonly SafetensorsFile _file;
    private readonly SafetensorsEntry[] _entries;

    /// <summary>Finds the tables in a file, which then belongs to the store; on an error it stays the caller's.</summary>
    /// <param name="file">The file; tensor names are table names.</param>
    /// <param name="tables">Shapes expected.</param>
    /// <exception cref="InvalidDataException">A table is missing or has another shape; the message names file and table.</exception>
    public MappedRowStore(SafetensorsFile file, IReadOnlyList<TableSpec> tables)
    {
        foreach (TableSpec table in tables)
        {
            if (!file.Tensors.TryGetValue(table.Name, out SafetensorsEntry? entry))
                throw new InvalidDataException($"{file.Path}: there is no table '{table.Name}'.");
            (string type, long[] shape) = table.StoredAs;
            if (entry.DType != type || !entry.Shape.SequenceEqual(shape))
                throw new InvalidDataException($"{file.Path}: table '{table.Name}' is {entry.DType} [{string.Join(" × ", entry.Shape)}], but {type} [{string.Join(" × ", shape)}] was expected.");
        }

        _file = file;
        _entries = [.. tables.Select(t => file.Tensors[t.Name])];
        Tables = tables;
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>Threads used by one call.</summary>
    /// <value>The number of processors by default; ≥ 1.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is below 1.</exception>
    public int ThreadCount
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            field = value;
        }
    } = Environment.ProcessorCount;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist.</exception>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        foreach (RowBatch batch in batches)
            _ = batch.Values; // made here, so that no two threads make it
        RowJobs.Run(batches, ThreadCount, this, static (store, batch, first, count) => EmbeddingKernels.Gather(
            store.MemoryOf(batch.Table),
            batch.Rows.Slice(first, count),
            batch.Values.Slice(first * batch.Width, count * batch.Width)));
    }

    /// <summary>Copies a table: its rows as they are kept, or decoded and rounded to the nearest where that differs.</summary>
    /// <param name="table">Number of the table.</param>
    /// <param name="target">As many rows of the same width; with a mask, the same is needed there.</param>
    /// <exception cref="ArgumentException">The target has another shape or another mask.</exception>
    public void CopyTo(int table, RowTable target) => RowCopy.Run(MemoryOf(table), Tables[table], target);

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    /// <summary>Where the rows of a table lie.</summary>
    internal unsafe TableMemory MemoryOf(int table) => new(Tables[table], _file.Pointer(_entries[table]));
}
