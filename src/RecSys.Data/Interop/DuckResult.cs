using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>The rows of a query, streamed: DuckDB computes chunks as they are fetched.</summary>
/// <remarks>Not thread-safe. Only one streamed result of a <see cref="DuckDatabase"/> may be open at a time.</remarks>
public sealed class DuckResult : IDisposable
{
    private readonly string _sql;
    private NativeResult _result;
    private DuckChunk? _chunk;
    private bool _isDisposed;

    internal DuckResult(NativeResult result, string sql)
    {
        _result = result;
        _sql = sql;
        var columns = new DuckColumn[NativeMethods.duckdb_column_count(ref _result)];
        for (int i = 0; i < columns.Length; i++)
            columns[i] = Column((ulong)i);
        Columns = columns;
    }

    /// <summary>The columns.</summary>
    public IReadOnlyList<DuckColumn> Columns { get; }

    /// <summary>Fetches the next rows; the chunk before is disposed.</summary>
    /// <returns>The chunk, or null after the last one.</returns>
    /// <exception cref="DuckException">The query failed on the way.</exception>
    public DuckChunk? Next()
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        _chunk?.Dispose();
        ChunkHandle handle = NativeMethods.duckdb_fetch_chunk(_result);
        if (!handle.IsInvalid)
            return _chunk = new DuckChunk(handle, Columns);

        handle.Dispose();
        _chunk = null;
        if (Marshal.PtrToStringUTF8(NativeMethods.duckdb_result_error(ref _result)) is { Length: > 0 } error)
            throw new DuckException(error, _sql);
        return null;
    }

    /// <summary>Frees the result.</summary>
    public void Dispose()
    {
        if (_isDisposed)
            return;
        _isDisposed = true;
        _chunk?.Dispose();
        NativeMethods.duckdb_destroy_result(ref _result);
    }

    private DuckColumn Column(ulong index)
    {
        string name = Marshal.PtrToStringUTF8(NativeMethods.duckdb_column_name(ref _result, index)) ?? "";
        using LogicalTypeHandle type = NativeMethods.duckdb_column_logical_type(ref _result, index);
        DuckType id = NativeMethods.duckdb_get_type_id(type);
        if (id != DuckType.List)
            return new DuckColumn(name, id);

        using LogicalTypeHandle element = NativeMethods.duckdb_list_type_child_type(type);
        return new DuckColumn(name, id, NativeMethods.duckdb_get_type_id(element));
    }
}
