using System.Runtime.InteropServices;
using RecSys.Torch.Distributed;

namespace RecSys.Torch.Interop;

/// <summary>Owns a native process group.</summary>
internal sealed unsafe class ProcessGroupHandle : SafeHandle
{
    private ProcessGroupHandle(nint group)
        : base(0, ownsHandle: true) => SetHandle(group);

    public override bool IsInvalid => handle == 0;

    private nint Pointer
    {
        get
        {
            ObjectDisposedException.ThrowIf(IsClosed, typeof(ProcessGroup));
            return handle;
        }
    }

    internal static bool Has(string backend) => NativeMethods.rst_process_group_has(backend) != 0;

    internal static ProcessGroupHandle Create(ProcessGroupOptions options, string backend)
    {
        int status = NativeMethods.rst_process_group_create(
            options.MasterAddress, options.MasterPort, options.Rank, options.WorldSize, options.Timeout.TotalSeconds, backend, options.Device.Code, out nint group);
        NativeMethods.ThrowIfFailed(status, "init_process_group");
        return new ProcessGroupHandle(group);
    }

    internal void AllReduce(IReadOnlyList<Tensor> tensors)
    {
        int status;
        fixed (nint* pointers = TensorHandle.Pointers(tensors))
            status = NativeMethods.rst_process_group_all_reduce(Pointer, pointers, tensors.Count);
        GC.KeepAlive(tensors);
        Check(status, "all_reduce");
    }

    internal void Broadcast(IReadOnlyList<Tensor> tensors, int root)
    {
        int status;
        fixed (nint* pointers = TensorHandle.Pointers(tensors))
            status = NativeMethods.rst_process_group_broadcast(Pointer, pointers, tensors.Count, root);
        GC.KeepAlive(tensors);
        Check(status, "broadcast");
    }

    internal void AllToAll(Tensor to, Tensor from, ReadOnlySpan<long> toSizes, ReadOnlySpan<long> fromSizes)
    {
        int status;
        fixed (long* received = toSizes, sent = fromSizes)
            status = NativeMethods.rst_process_group_all_to_all(Pointer, to.Handle.Pointer, from.Handle.Pointer, received, sent);
        GC.KeepAlive(to);
        GC.KeepAlive(from);
        Check(status, "all_to_all_single");
    }

    internal void Barrier() => Check(NativeMethods.rst_process_group_barrier(Pointer), "barrier");

    protected override bool ReleaseHandle()
    {
        NativeMethods.rst_process_group_free(handle);
        return true;
    }

    // The handle has to outlive the call.
    private void Check(int status, string operation)
    {
        GC.KeepAlive(this);
        NativeMethods.ThrowIfFailed(status, operation);
    }
}
