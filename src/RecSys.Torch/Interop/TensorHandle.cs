using System.Runtime.InteropServices;

namespace RecSys.Torch.Interop;

/// <summary>Owns one reference to a native tensor.</summary>
internal sealed unsafe class TensorHandle : SafeHandle
{
    internal TensorHandle(nint tensor)
        : base(0, ownsHandle: true) => SetHandle(tensor);

    public override bool IsInvalid => handle == 0;

    /// <summary>The native pointer; the caller keeps this object alive while it uses it.</summary>
    internal nint Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, typeof(Tensor));
            return handle;
        }
    }

    internal static TensorHandle Create(ReadOnlySpan<byte> data, ReadOnlySpan<long> shape, ScalarType dtype)
    {
        fixed (byte* bytes = data)
        fixed (long* sizes = shape)
        {
            NativeMethods.ThrowIfFailed(NativeMethods.rst_tensor_create(bytes, sizes, shape.Length, (int)dtype, out nint tensor), "tensor");
            return new TensorHandle(tensor);
        }
    }

    internal TensorInfo Info()
    {
        NativeMethods.ThrowIfFailed(NativeMethods.rst_tensor_get_info(Pointer, out TensorInfo info), "tensor");
        GC.KeepAlive(this);
        return info;
    }

    internal long[] Sizes()
    {
        long[] sizes = new long[Info().DimensionCount];
        fixed (long* pointer = sizes)
            NativeMethods.ThrowIfFailed(NativeMethods.rst_tensor_get_sizes(Pointer, pointer), "shape");
        GC.KeepAlive(this);
        return sizes;
    }

    /// <summary>The elements of a contiguous CPU tensor; valid while this handle lives.</summary>
    internal Span<T> Elements<T>()
        where T : unmanaged
    {
        TensorInfo info = Info();
        NativeMethods.ThrowIfFailed(NativeMethods.rst_tensor_get_data(Pointer, out void* data), "Data");
        GC.KeepAlive(this);
        return new Span<T>(data, checked((int)(info.ElementCount * info.ElementSize / sizeof(T))));
    }

    internal NativeValue Item()
    {
        NativeMethods.ThrowIfFailed(NativeMethods.rst_tensor_get_item(Pointer, out NativeValue value), "item");
        GC.KeepAlive(this);
        return value;
    }

    /// <summary>The native pointers of several tensors; the caller keeps the tensors alive while it uses them.</summary>
    internal static nint[] Pointers(IReadOnlyList<Tensor> tensors)
    {
        nint[] pointers = new nint[tensors.Count];
        for (int i = 0; i < pointers.Length; i++)
            pointers[i] = tensors[i].Handle.Pointer;
        return pointers;
    }

    protected override bool ReleaseHandle()
    {
        NativeMethods.rst_tensor_free(handle);
        return true;
    }
}
