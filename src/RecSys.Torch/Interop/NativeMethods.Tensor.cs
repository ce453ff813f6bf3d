using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Pairs with <c>native/tensor.cpp</c>.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int rst_tensor_create(void* data, long* sizes, int dimensionCount, int dtype, out nint result);

    [LibraryImport(Library)]
    internal static partial void rst_tensor_free(nint tensor);

    [LibraryImport(Library)]
    internal static partial int rst_tensor_get_info(nint tensor, out TensorInfo info);

    [LibraryImport(Library)]
    internal static partial int rst_tensor_get_sizes(nint tensor, long* sizes);

    [LibraryImport(Library)]
    internal static partial int rst_tensor_get_data(nint tensor, out void* data);

    [LibraryImport(Library)]
    internal static partial int rst_tensor_get_item(nint tensor, out NativeValue value);

    [LibraryImport(Library)]
    internal static partial long rst_tensor_live_count();
}
