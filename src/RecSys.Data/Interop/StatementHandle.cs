using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Owns a <c>duckdb_prepared_statement</c>.</summary>
internal sealed class StatementHandle : SafeHandle
{
    public StatementHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        nint owned = handle;
        NativeMethods.duckdb_destroy_prepare(ref owned);
        return true;
    }
}
