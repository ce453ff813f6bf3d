using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Owns a <c>duckdb_config</c>.</summary>
internal sealed class ConfigHandle : SafeHandle
{
    public ConfigHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        nint owned = handle;
        NativeMethods.duckdb_destroy_config(ref owned);
        return true;
    }
}
