using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Pairs with <c>native/distributed.cpp</c>.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rst_process_group_has(string backend);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial int rst_process_group_create(
        string host, int port, int rank, int size, double timeout, string backend, int device, out nint result);

    [LibraryImport(Library)]
    internal static partial int rst_process_group_all_reduce(nint group, nint* tensors, int count);

    [LibraryImport(Library)]
    internal static partial int rst_process_group_broadcast(nint group, nint* tensors, int count, int root);

    [LibraryImport(Library)]
    internal static partial int rst_process_group_all_to_all(nint group, nint to, nint from, long* toSizes, long* fromSizes);

    [LibraryImport(Library)]
    internal static partial int rst_process_group_barrier(nint group);

    [LibraryImport(Library)]
    internal static partial void rst_process_group_free(nint group);
}
