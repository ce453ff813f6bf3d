using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tables;

/// <summary>Rows of a safetensors file, read in place: opening copies nothing, and the system keeps the rows in use in memory.</summary>
/// <remarks>Thread-safe for reading. The rows of a private file can be replaced, before anyone reads them.</remarks>
public sealed class MappedRowStore : IRowReader
{
    private readonly SafetensorsFile _file;
    private readonly SafetensorsEntry[] _entries;
    private readonly RowSet?[] _changed;

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
        _changed = new RowSet?[tables.Count];
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

    /// <summary>Rows that are not those of the file.</summary>
    public long ChangedRowCount => _changed.Sum(c => c?.Count ?? 0);

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

    /// <summary>Replaces a row in memory. One that is the same already costs no memory.</summary>
    /// <param name="table">Number of the table.</param>
    /// <param name="row">Number of the row.</param>
    /// <param name="bytes">The row as it is kept.</param>
    /// <exception cref="InvalidOperationException">The file is not private.</exception>
    /// <exception cref="ArgumentException">The row has another number of bytes.</exception>
    public void Write(int table, long row, ReadOnlySpan<byte> bytes)
    {
        if (!_file.IsPrivate)
            throw new InvalidOperationException($"{_file.Path} was not opened to be changed in memory.");
        Span<byte> own = BytesOf(table, row);
        if (bytes.Length != own.Length)
            throw new ArgumentException($"Row {row} of table '{Tables[table].Name}' has {own.Length} bytes, but {bytes.Length} were given.", nameof(bytes));
        if (own.SequenceEqual(bytes))
            return;
        bytes.CopyTo(own);
        (_changed[table] ??= new RowSet(Tables[table].RowCount)).Add(row);
    }

    /// <summary>Takes over the rows that another store of the same file has replaced.</summary>
    /// <param name="other">The other store.</param>
    /// <exception cref="InvalidOperationException">The file is not private.</exception>
    public void WriteChangesOf(MappedRowStore other)
    {
        for (int table = 0; table < other._changed.Length; table++)
        {
            if (other._changed[table] is not { } changed)
                continue;
            foreach (long row in changed)
                Write(table, row, other.BytesOf(table, row));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    private unsafe Span<byte> BytesOf(int table, long row)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, (ulong)Tables[table].RowCount, nameof(row));
        (long start, int byteCount) = Tables[table].PlaceOf(row);
        return new Span<byte>(_file.Pointer(_entries[table]) + start, byteCount);
    }

    /// <summary>Where the rows of a table lie.</summary>
    internal unsafe TableMemory MemoryOf(int table) => new(Tables[table], _file.Pointer(_entries[table]));
}
