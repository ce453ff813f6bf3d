using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>The part of DuckDB's C API that is used, under its own names.</summary>
internal static partial class NativeMethods
{
    private const string Library = DuckLibrary.Name;

    /// <summary><c>duckdb_state</c>: success.</summary>
    internal const int Success = 0;

    static NativeMethods() => DuckLibrary.Register();

    [LibraryImport(Library)]
    internal static partial nint duckdb_library_version();

    [LibraryImport(Library)]
    internal static partial void duckdb_free(nint memory);

    [LibraryImport(Library)]
    internal static partial nint duckdb_vector_size();

    [LibraryImport(Library)]
    internal static partial int duckdb_create_config(out ConfigHandle config);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_set_config(ConfigHandle config, string name, string value);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_config(ref nint config);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_open_ext(string? path, out DatabaseHandle database, ConfigHandle config, out nint error);

    [LibraryImport(Library)]
    internal static partial void duckdb_close(ref nint database);

    [LibraryImport(Library)]
    internal static partial int duckdb_connect(DatabaseHandle database, out ConnectionHandle connection);

    [LibraryImport(Library)]
    internal static partial void duckdb_disconnect(ref nint connection);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_query(ConnectionHandle connection, string sql, out NativeResult result);

    [LibraryImport(Library)]
    internal static partial nint duckdb_result_error(ref NativeResult result);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_result(ref NativeResult result);

    [LibraryImport(Library)]
    internal static partial ulong duckdb_column_count(ref NativeResult result);

    [LibraryImport(Library)]
    internal static partial nint duckdb_column_name(ref NativeResult result, ulong column);

    [LibraryImport(Library)]
    internal static partial LogicalTypeHandle duckdb_column_logical_type(ref NativeResult result, ulong column);

    [LibraryImport(Library)]
    internal static partial ChunkHandle duckdb_fetch_chunk(NativeResult result);
}
