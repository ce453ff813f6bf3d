using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary><c>duckdb_result</c>: owned by the caller, passed by value to the functions that fetch.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeResult
{
    internal ulong ColumnCount;
    internal ulong RowCount;
    internal ulong RowsChanged;
    internal nint Columns;
    internal nint ErrorMessage;
    internal nint InternalData;
}
