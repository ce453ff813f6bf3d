using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Writes rows into a table by chunks: fill the spans of up to <see cref="Capacity"/> rows, then <see cref="Append"/>.</summary>
/// <remarks>Not thread-safe. Rows are in the table after <see cref="Complete"/>.</remarks>
public sealed class DuckAppender : IDisposable
{
    private readonly AppenderHandle _appender;
    private readonly ChunkHandle _chunk;
    private readonly IReadOnlyList<DuckColumn> _columns;
    private readonly string _table;

    internal DuckAppender(ConnectionHandle connection, string table, IReadOnlyList<DuckColumn> columns)
    {
        _table = table;
        _columns = columns;
        int state = NativeMethods.duckdb_appender_create(connection, null, table, out _appender);
        _chunk = CreateChunk(columns);
        if (state == NativeMethods.Success)
            return;
        string error = Error();
        Dispose();
        throw new DuckException(error, $"append to {table}");
    }

    /// <summary>Largest number of rows of one <see cref="Append"/>.</summary>
    public static int Capacity => (int)NativeMethods.duckdb_vector_size();

    /// <summary>The place for a column's values.</summary>
    /// <typeparam name="T">The type that <see cref="DuckType"/> names for the column.</typeparam>
    public Span<T> Values<T>(int column)
        where T : unmanaged
    {
        ThrowIfWrong<T>(column, _columns[column].Type);
        return Span<T>(Vector(column), Capacity);
    }

    /// <summary>The place for the lists of a list column.</summary>
    public Span<DuckListEntry> Lists(int column)
    {
        if (_columns[column].Type != DuckType.List)
            throw new InvalidOperationException($"Column '{_columns[column].Name}' is of type {_columns[column].Type} and has no lists.");
        return Span<DuckListEntry>(Vector(column), Capacity);
    }

    /// <summary>Makes room for the elements of a list column and returns the place for them.</summary>
    /// <param name="column">Index of the column.</param>
    /// <param name="count">Number of elements of all lists of the next <see cref="Append"/>.</param>
    public Span<T> Elements<T>(int column, int count)
        where T : unmanaged
    {
        ThrowIfWrong<T>(column, _columns[column].ElementType);
        nint vector = Vector(column);
        _ = NativeMethods.duckdb_list_vector_reserve(vector, (ulong)count);
        _ = NativeMethods.duckdb_list_vector_set_size(vector, (ulong)count);
        return Span<T>(NativeMethods.duckdb_list_vector_get_child(vector), count);
    }

    /// <summary>Appends the first rows of the spans and starts a new chunk; spans taken before are no longer valid.</summary>
    /// <param name="rowCount">Rows filled, at most <see cref="Capacity"/>.</param>
    public void Append(int rowCount)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan((uint)rowCount, (uint)Capacity, nameof(rowCount));
        NativeMethods.duckdb_data_chunk_set_size(_chunk, (ulong)rowCount);
        ThrowIfFailed(NativeMethods.duckdb_append_data_chunk(_appender, _chunk));
        NativeMethods.duckdb_data_chunk_reset(_chunk);
    }

    /// <summary>Puts all appended rows into the table.</summary>
    public void Complete() => ThrowIfFailed(NativeMethods.duckdb_appender_close(_appender));

    /// <summary>Frees the writer; rows of a writer that was not completed may be missing.</summary>
    public void Dispose()
    {
        _chunk?.Dispose();
        _appender.Dispose();
    }

    private static ChunkHandle CreateChunk(IReadOnlyList<DuckColumn> columns)
    {
        LogicalTypeHandle[] types = [.. columns.Select(CreateType)];
        ChunkHandle chunk = NativeMethods.duckdb_create_data_chunk([.. types.Select(type => type.DangerousGetHandle())], (ulong)types.Length);
        foreach (LogicalTypeHandle type in types)
            type.Dispose();
        return chunk;
    }

    private static LogicalTypeHandle CreateType(DuckColumn column)
    {
        if (column.Type != DuckType.List)
            return NativeMethods.duckdb_create_logical_type(column.Type);
        using LogicalTypeHandle element = NativeMethods.duckdb_create_logical_type(column.ElementType);
        return NativeMethods.duckdb_create_list_type(element);
    }

    private nint Vector(int column)
    {
        ObjectDisposedException.ThrowIf(_chunk.IsClosed, this);
        return NativeMethods.duckdb_data_chunk_get_vector(_chunk, (ulong)column);
    }

    private static unsafe Span<T> Span<T>(nint vector, int count)
        where T : unmanaged
        => new((void*)NativeMethods.duckdb_vector_get_data(vector), count);

    private void ThrowIfWrong<T>(int column, DuckType type)
    {
        if (!DuckTypes.Match<T>(type))
            throw new InvalidOperationException($"Column '{_columns[column].Name}' takes {type}, not {typeof(T).Name}.");
    }

    private void ThrowIfFailed(int state)
    {
        if (state != NativeMethods.Success)
            throw new DuckException(Error(), $"append to {_table}");
    }

    private string Error() => Marshal.PtrToStringUTF8(NativeMethods.duckdb_appender_error(_appender)) ?? "unknown error";
}
