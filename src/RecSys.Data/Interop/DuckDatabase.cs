using System.Globalization;
using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>A DuckDB database with one connection: SQL in, chunks of columns out.</summary>
/// <remarks>Not thread-safe; every thread opens its own. DuckDB never downloads extensions here.</remarks>
public sealed class DuckDatabase : IDisposable
{
    private readonly DatabaseHandle _database;
    private readonly ConnectionHandle _connection;

    private DuckDatabase(DatabaseHandle database, ConnectionHandle connection)
    {
        _database = database;
        _connection = connection;
    }

    /// <summary>Version of the library, such as <c>v1.5.6</c>.</summary>
    /// <exception cref="DllNotFoundException">DuckDB's library is not there; the message says where it is looked for.</exception>
    public static string LibraryVersion => Marshal.PtrToStringUTF8(NativeMethods.duckdb_library_version()) ?? "";

    /// <summary>Opens a database.</summary>
    /// <param name="path">Its file, made when absent; null for one in memory.</param>
    /// <param name="options">Limits.</param>
    /// <exception cref="DuckException">The file is no database, or a limit is not valid.</exception>
    /// <exception cref="DllNotFoundException">DuckDB's library is not there; the message says where it is looked for.</exception>
    public static DuckDatabase Open(string? path = null, DuckOptions? options = null)
    {
        using ConfigHandle config = CreateConfig(options ?? new DuckOptions());
        if (NativeMethods.duckdb_open_ext(path, out DatabaseHandle database, config, out nint error) != NativeMethods.Success)
        {
            string message = Marshal.PtrToStringUTF8(error) ?? "unknown error";
            NativeMethods.duckdb_free(error);
            database.Dispose();
            throw new DuckException(message, $"open {path ?? "in memory"}");
        }

        if (NativeMethods.duckdb_connect(database, out ConnectionHandle connection) == NativeMethods.Success)
            return new DuckDatabase(database, connection);
        connection.Dispose();
        database.Dispose();
        throw new DuckException("DuckDB gave no connection.", "connect");
    }

    /// <summary>Runs statements and drops their results.</summary>
    /// <param name="sql">One or more statements, without parameters.</param>
    /// <exception cref="DuckException">A statement failed.</exception>
    public void Execute(string sql)
    {
        int state = NativeMethods.duckdb_query(_connection, sql, out NativeResult result);
        string? error = state == NativeMethods.Success ? null : Marshal.PtrToStringUTF8(NativeMethods.duckdb_result_error(ref result));
        NativeMethods.duckdb_destroy_result(ref result);
        if (state != NativeMethods.Success)
            throw new DuckException(error ?? "unknown error", sql);
    }

    /// <summary>Starts a query whose rows are streamed.</summary>
    /// <param name="sql">One statement; <c>?</c> or <c>$1</c> stand for the values.</param>
    /// <param name="values">bool, int, long, float, double, string or null.</param>
    /// <exception cref="DuckException">The statement is wrong.</exception>
    public DuckResult Query(string sql, params ReadOnlySpan<object?> values)
    {
        using StatementHandle statement = Prepare(sql);
        Bind(statement, sql, values);
        int state = NativeMethods.duckdb_pending_prepared_streaming(statement, out PendingHandle pending);
        using (pending)
        {
            if (state != NativeMethods.Success)
                throw new DuckException(Marshal.PtrToStringUTF8(NativeMethods.duckdb_pending_error(pending)) ?? "unknown error", sql);
            if (NativeMethods.duckdb_execute_pending(pending, out NativeResult result) == NativeMethods.Success)
                return new DuckResult(result, sql);

            string? error = Marshal.PtrToStringUTF8(NativeMethods.duckdb_result_error(ref result));
            NativeMethods.duckdb_destroy_result(ref result);
            throw new DuckException(error ?? "unknown error", sql);
        }
    }

    /// <summary>The first value of the first row, or null when there is no row or the value is null.</summary>
    /// <typeparam name="T">The type that <see cref="DuckType"/> names for the column.</typeparam>
    public T? Scalar<T>(string sql, params ReadOnlySpan<object?> values)
        where T : unmanaged
    {
        using DuckResult result = Query(sql, values);
        DuckChunk? chunk = result.Next();
        return chunk is null || chunk[0].IsNull(0) ? null : chunk[0].Values<T>()[0];
    }

    /// <summary>The first value of the first row as text, or null when there is no row or the value is null.</summary>
    public string? Text(string sql, params ReadOnlySpan<object?> values)
    {
        using DuckResult result = Query(sql, values);
        return result.Next()?[0].Text(0);
    }

    /// <summary>The columns of a query and the names of their SQL types; names in any case find them.</summary>
    /// <param name="query">A SELECT.</param>
    public Dictionary<string, string> ColumnTypes(string query)
    {
        var types = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        using DuckResult result = Query($"DESCRIBE {query}");
        while (result.Next() is { } chunk)
        {
            for (int i = 0; i < chunk.RowCount; i++)
                types[chunk[0].Text(i)!] = chunk[1].Text(i)!;
        }

        return types;
    }

    /// <summary>Writes the rows of a query, in its order, to one Parquet file.</summary>
    /// <param name="query">A SELECT.</param>
    /// <param name="path">The file; replaced when it exists.</param>
    /// <param name="rowGroupRows">Rows of a row group at most.</param>
    /// <param name="metadata">Free text by name, kept in the file.</param>
    /// <returns>Number of rows written.</returns>
    public long CopyToParquet(string query, string path, int rowGroupRows = 262_144, IReadOnlyDictionary<string, string>? metadata = null)
    {
        string texts = metadata is null or { Count: 0 }
            ? ""
            : $", KV_METADATA {{{string.Join(", ", metadata.Select(m => $"{SqlText.Name(m.Key)}: {SqlText.Literal(m.Value)}"))}}}";
        return Scalar<long>(string.Create(CultureInfo.InvariantCulture, $"COPY ({query}) TO {SqlText.Literal(path)} (FORMAT parquet, ROW_GROUP_SIZE {rowGroupRows}{texts})")) ?? 0;
    }

    /// <summary>Opens a fast writer of rows into a table.</summary>
    /// <param name="table">Name of an existing table.</param>
    /// <param name="columns">All its columns in order.</param>
    public DuckAppender CreateAppender(string table, IReadOnlyList<DuckColumn> columns) => new(_connection, table, columns);

    /// <summary>Closes the database.</summary>
    public void Dispose()
    {
        _connection.Dispose();
        _database.Dispose();
    }

    private static ConfigHandle CreateConfig(DuckOptions options)
    {
        _ = NativeMethods.duckdb_create_config(out ConfigHandle config);
        Set("autoinstall_known_extensions", "false");
        Set("autoload_known_extensions", "false");
        if (options.MemoryLimit is not null)
            Set("memory_limit", options.MemoryLimit);
        if (options.ThreadCount > 0)
            Set("threads", options.ThreadCount.ToString(CultureInfo.InvariantCulture));
        if (options.TemporaryFolder is not null)
            Set("temp_directory", options.TemporaryFolder);
        return config;

        void Set(string name, string value)
        {
            if (NativeMethods.duckdb_set_config(config, name, value) == NativeMethods.Success)
                return;
            config.Dispose();
            throw new DuckException($"DuckDB does not take '{value}' for its setting {name}.", "configuration");
        }
    }

    private StatementHandle Prepare(string sql)
    {
        if (NativeMethods.duckdb_prepare(_connection, sql, out StatementHandle statement) == NativeMethods.Success)
            return statement;
        using (statement)
            throw new DuckException(Marshal.PtrToStringUTF8(NativeMethods.duckdb_prepare_error(statement)) ?? "unknown error", sql);
    }

    private static void Bind(StatementHandle statement, string sql, ReadOnlySpan<object?> values)
    {
        ulong expected = NativeMethods.duckdb_nparams(statement);
        if (expected != (ulong)values.Length)
            throw new ArgumentException($"The statement takes {expected} values, but {values.Length} were given.", nameof(values));

        for (int i = 0; i < values.Length; i++)
        {
            ulong index = (ulong)i + 1;
            int state = values[i] switch
            {
                null => NativeMethods.duckdb_bind_null(statement, index),
                bool value => NativeMethods.duckdb_bind_boolean(statement, index, value),
                int value => NativeMethods.duckdb_bind_int64(statement, index, value),
                long value => NativeMethods.duckdb_bind_int64(statement, index, value),
                float value => NativeMethods.duckdb_bind_double(statement, index, value),
                double value => NativeMethods.duckdb_bind_double(statement, index, value),
                string value => NativeMethods.duckdb_bind_varchar(statement, index, value),
                { } other => throw new ArgumentException($"Value {index} is of type {other.GetType().Name}; valid: bool, int, long, float, double, string, null.", nameof(values)),
            };
            if (state != NativeMethods.Success)
                throw new DuckException($"DuckDB refused value {index}.", sql);
        }
    }
}
