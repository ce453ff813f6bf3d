using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Owns a <c>duckdb_database</c>.</summary>
internal sealed class DatabaseHandle : SafeHandle
{
    public DatabaseHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        nint owned = handle;
        NativeMethods.duckdb_close(ref owned);
        return true;
    }
}
