using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Owns a <c>duckdb_pending_result</c>.</summary>
internal sealed class PendingHandle : SafeHandle
{
    public PendingHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        nint owned = handle;
        NativeMethods.duckdb_destroy_pending(ref owned);
        return true;
    }
}
