using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

// Prepared statements and their values.
internal static partial class NativeMethods
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_prepare(ConnectionHandle connection, string sql, out StatementHandle statement);

    [LibraryImport(Library)]
    internal static partial nint duckdb_prepare_error(StatementHandle statement);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_prepare(ref nint statement);

    [LibraryImport(Library)]
    internal static partial ulong duckdb_nparams(StatementHandle statement);

    [LibraryImport(Library)]
    internal static partial int duckdb_bind_boolean(StatementHandle statement, ulong index, [MarshalAs(UnmanagedType.U1)] bool value);

    [LibraryImport(Library)]
    internal static partial int duckdb_bind_int64(StatementHandle statement, ulong index, long value);

    [LibraryImport(Library)]
    internal static partial int duckdb_bind_double(StatementHandle statement, ulong index, double value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int duckdb_bind_varchar(StatementHandle statement, ulong index, string value);

    [LibraryImport(Library)]
    internal static partial int duckdb_bind_null(StatementHandle statement, ulong index);

    [LibraryImport(Library)]
    internal static partial int duckdb_pending_prepared_streaming(StatementHandle statement, out PendingHandle pending);

    [LibraryImport(Library)]
    internal static partial int duckdb_execute_pending(PendingHandle pending, out NativeResult result);

    [LibraryImport(Library)]
    internal static partial nint duckdb_pending_error(PendingHandle pending);

    [LibraryImport(Library)]
    internal static partial void duckdb_destroy_pending(ref nint pending);
}
