using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Owns a <c>duckdb_data_chunk</c>.</summary>
internal sealed class ChunkHandle : SafeHandle
{
    public ChunkHandle()
        : base(0, ownsHandle: true)
    {
    }

    public override bool IsInvalid => handle == 0;

    protected override bool ReleaseHandle()
    {
        nint owned = handle;
        NativeMethods.duckdb_destroy_data_chunk(ref owned);
        return true;
    }
}
