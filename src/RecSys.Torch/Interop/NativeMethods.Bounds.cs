using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Pairs with <c>native/bounds.cpp</c>.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int rst_bound_copy(void* to, void* from, long byteCount, int bypassCache, int threadCount, out double seconds);

    [LibraryImport(Library)]
    internal static partial int rst_bound_read(
        void* table, long rowBytes, long* rows, long count, long distance, int threadCount, out double seconds);

    [LibraryImport(Library)]
    internal static partial int rst_bound_gather(
        void* to, void* table, long rowBytes, long* rows, long count, long distance, int threadCount, out double seconds);

    [LibraryImport(Library)]
    internal static partial int rst_bound_update(
        void* table, long rowBytes, void* states, long stateBytes, void* gradients, long* rows, long count, long distance, int threadCount, out double seconds);
}
