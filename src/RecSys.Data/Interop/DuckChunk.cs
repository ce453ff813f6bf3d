namespace RecSys.Data.Interop;

/// <summary>A block of rows of a result (at most 2,048), column by column.</summary>
public sealed class DuckChunk : IDisposable
{
    private readonly ChunkHandle _handle;
    private readonly IReadOnlyList<DuckColumn> _columns;

    internal DuckChunk(ChunkHandle handle, IReadOnlyList<DuckColumn> columns)
    {
        _handle = handle;
        _columns = columns;
        RowCount = (int)NativeMethods.duckdb_data_chunk_get_size(handle);
    }

    /// <summary>Number of rows.</summary>
    public int RowCount { get; }

    /// <summary>A column, read in place until the chunk is disposed.</summary>
    /// <param name="column">Index of the column.</param>
    public DuckVector this[int column]
    {
        get
        {
            ObjectDisposedException.ThrowIf(_handle.IsClosed, this);
            ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((uint)column, (uint)_columns.Count, nameof(column));
            return new DuckVector(NativeMethods.duckdb_data_chunk_get_vector(_handle, (ulong)column), RowCount, _columns[column]);
        }
    }

    /// <summary>Frees the rows.</summary>
    public void Dispose() => _handle.Dispose();
}
