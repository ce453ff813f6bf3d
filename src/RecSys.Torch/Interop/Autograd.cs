namespace RecSys.Torch.Interop;

/// <summary>Gradients of many tensors in one native call each.</summary>
internal static unsafe class Autograd
{
    internal static void Backward(Tensor tensor, Tensor? gradient, bool retainGraph)
    {
        int status = NativeMethods.rst_backward(tensor.Handle.Pointer, gradient?.Handle.Pointer ?? 0, retainGraph ? 1 : 0);
        GC.KeepAlive(tensor);
        GC.KeepAlive(gradient);
        NativeMethods.ThrowIfFailed(status, "backward");
    }

    internal static Tensor?[] Grad(IReadOnlyList<Tensor> outputs, IReadOnlyList<Tensor> inputs, bool retainGraph, bool createGraph)
    {
        nint[] gradients = new nint[inputs.Count];
        fixed (nint* first = TensorHandle.Pointers(outputs), second = TensorHandle.Pointers(inputs), third = gradients)
        {
            int status = NativeMethods.rst_grad(
                first, outputs.Count, second, inputs.Count, retainGraph ? 1 : 0, createGraph ? 1 : 0, third);
            NativeMethods.ThrowIfFailed(status, "grad");
        }

        GC.KeepAlive(outputs);
        GC.KeepAlive(inputs);
        return Wrap(gradients);
    }

    internal static void SetRequiresGrad(Tensor tensor, bool requiresGrad)
    {
        int status = NativeMethods.rst_set_requires_grad(tensor.Handle.Pointer, requiresGrad ? 1 : 0);
        GC.KeepAlive(tensor);
        NativeMethods.ThrowIfFailed(status, "requires_grad_");
    }

    internal static void SetGradient(Tensor tensor, Tensor? gradient)
    {
        int status = NativeMethods.rst_set_gradient(tensor.Handle.Pointer, gradient?.Handle.Pointer ?? 0);
        GC.KeepAlive(tensor);
        GC.KeepAlive(gradient);
        NativeMethods.ThrowIfFailed(status, "grad");
    }

    internal static Tensor?[] Gradients(IReadOnlyList<Tensor> tensors)
    {
        nint[] gradients = new nint[tensors.Count];
        fixed (nint* first = TensorHandle.Pointers(tensors), second = gradients)
            NativeMethods.ThrowIfFailed(NativeMethods.rst_get_gradients(first, tensors.Count, second), "grad");
        GC.KeepAlive(tensors);
        return Wrap(gradients);
    }

    internal static void ClearGradients(IReadOnlyList<Tensor> tensors, bool setToNone)
    {
        fixed (nint* first = TensorHandle.Pointers(tensors))
            NativeMethods.ThrowIfFailed(NativeMethods.rst_clear_gradients(first, tensors.Count, setToNone ? 1 : 0), "zero_grad");
        GC.KeepAlive(tensors);
    }

    private static Tensor?[] Wrap(nint[] pointers)
    {
        Tensor?[] tensors = new Tensor?[pointers.Length];
        for (int i = 0; i < tensors.Length; i++)
            tensors[i] = pointers[i] == 0 ? null : new Tensor(new TensorHandle(pointers[i]));
        return tensors;
    }
}
