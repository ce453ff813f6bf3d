using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Owns a <c>duckdb_appender</c>.</summary>
internal sealed class AppenderHandle : SafeHandle
{
    public AppenderHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        nint owned = handle;
        NativeMethods.duckdb_appender_destroy(ref owned);
        return true;
    }
}
