using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Pairs with <c>native/autograd.cpp</c>.</summary>
internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial int rst_backward(nint tensor, nint gradient, int retainGraph);

    [LibraryImport(Library)]
    internal static partial int rst_grad(
        nint* outputs, int outputCount, nint* inputs, int inputCount, int retainGraph, int createGraph, nint* gradients);

    [LibraryImport(Library)]
    internal static partial int rst_set_requires_grad(nint tensor, int requiresGrad);

    [LibraryImport(Library)]
    internal static partial int rst_get_gradients(nint* tensors, int count, nint* gradients);

    [LibraryImport(Library)]
    internal static partial int rst_set_gradient(nint tensor, nint gradient);

    [LibraryImport(Library)]
    internal static partial int rst_clear_gradients(nint* tensors, int count, int setToNone);

    [LibraryImport(Library)]
    internal static partial int rst_get_grad_enabled();

    [LibraryImport(Library)]
    internal static partial void rst_set_grad_enabled(int enabled);

    [LibraryImport(Library)]
    internal static partial int rst_autocast_enter(int deviceType, int dtype, out int previousEnabled, out int previousDtype);

    [LibraryImport(Library)]
    internal static partial int rst_autocast_leave(int deviceType, int previousEnabled, int previousDtype);
}
