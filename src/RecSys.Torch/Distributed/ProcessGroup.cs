using RecSys.Torch.Interop;

namespace RecSys.Torch.Distributed;

/// <summary>
/// Processes that train one model together: libtorch's process group (c10d). Every rank makes the same calls in the same order, with
/// tensors of the same shapes and element types; a call returns when its result is there.
/// </summary>
/// <remarks>
/// <para>A peer that ended is an error at the others at once where they are connected to it, and at the latest when nothing has moved for
/// <see cref="ProcessGroupOptions.Timeout"/>; so is a peer that hangs, or that makes another call. After such an error the tensors of the
/// call hold anything, and every further call fails: dispose the group, and start all ranks again.</para>
/// <para>A call on tensors it does not take is refused before anything is sent, and leaves the group usable.</para>
/// <para>Gloo connects by the network interface that leads to <see cref="ProcessGroupOptions.MasterAddress"/>; the environment variable
/// GLOO_SOCKET_IFNAME names another. Nothing is encrypted and nobody is authenticated: use a network that you trust.</para>
/// <para>Not thread-safe.</para>
/// </remarks>
public sealed class ProcessGroup : IDisposable
{
    private readonly ProcessGroupHandle _handle;

    private ProcessGroup(ProcessGroupHandle handle, ProcessGroupOptions options)
    {
        _handle = handle;
        Rank = options.Rank;
        WorldSize = options.WorldSize;
        Backend = options.Backend;
        Device = options.Backend == ProcessGroupBackend.Nccl ? options.Device : Device.CPU;
    }

    /// <summary>Number of this process, from 0.</summary>
    public int Rank { get; }

    /// <summary>Number of processes.</summary>
    public int WorldSize { get; }

    /// <summary>What carries the numbers.</summary>
    public ProcessGroupBackend Backend { get; }

    /// <summary>Where the backend reads and writes: tensors that are elsewhere are copied there first.</summary>
    public Device Device { get; }

    /// <summary>Whether this libtorch has a backend.</summary>
    /// <param name="backend">Backend.</param>
    public static bool IsAvailable(ProcessGroupBackend backend) => ProcessGroupHandle.Has(Name(backend));

    /// <summary>Joins a group; returns when all ranks are there and connected. Ranks may be started in any order.</summary>
    /// <param name="options">Place in the group. World size and backend must be the same on every rank.</param>
    /// <exception cref="ArgumentException">An option is not valid.</exception>
    /// <exception cref="TorchException">Rank 0 is not reached or cannot listen, a rank is missing at the end of the timeout (the message
    /// names it), two processes have the same rank, the ranks disagree, or this libtorch has no such backend.</exception>
    public static ProcessGroup Create(ProcessGroupOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        return new ProcessGroup(ProcessGroupHandle.Create(options, Name(options.Backend)), options);
    }

    /// <summary>
    /// Replaces every tensor by its sum over the ranks. All tensors of one element type travel as one: call it once with all gradients.
    /// Afterwards the tensors hold the same bits on every rank.
    /// </summary>
    /// <param name="tensors">Dense tensors of float32, float64, float16, int32, int64, int8 or uint8, in the same order on every rank. For
    /// NCCL all on this rank's GPU.</param>
    /// <exception cref="TorchException">A tensor is not valid, or a peer is gone or silent.</exception>
    public void AllReduce(IReadOnlyList<Tensor> tensors)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        _handle.AllReduce(tensors);
    }

    /// <summary>Replaces every tensor by that of the rank <paramref name="root"/>. All tensors travel as one.</summary>
    /// <param name="tensors">Dense tensors of any element type, in the same order on every rank. For NCCL all on this rank's GPU.</param>
    /// <param name="root">Rank whose tensors are kept; the same on every rank.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such rank.</exception>
    /// <exception cref="TorchException">A tensor is not valid, or a peer is gone or silent.</exception>
    public void Broadcast(IReadOnlyList<Tensor> tensors, int root)
    {
        ArgumentNullException.ThrowIfNull(tensors);
        if (root < 0 || root >= WorldSize)
            throw new ArgumentOutOfRangeException(nameof(root), root, $"Valid with a world size of {WorldSize}: 0 to {WorldSize - 1}.");
        _handle.Broadcast(tensors, root);
    }

    /// <summary>Sends a slice of a tensor to every rank, this one too, and receives one from each.</summary>
    /// <param name="to">Contiguous; receives what rank r has sent as the r-th slice of its first dimension.</param>
    /// <param name="from">Contiguous, of the same element type; its r-th slice goes to rank r.</param>
    /// <param name="toSizes">Sizes of the slices of <paramref name="to"/>, one per rank: those that the ranks have sent. They add up to its
    /// first dimension; 0 is valid.</param>
    /// <param name="fromSizes">The same for <paramref name="from"/>.</param>
    /// <exception cref="ArgumentException">There is not one size per rank.</exception>
    /// <exception cref="TorchException">A tensor or size is not valid, or a peer is gone or silent.</exception>
    public void AllToAll(Tensor to, Tensor from, ReadOnlySpan<long> toSizes, ReadOnlySpan<long> fromSizes)
    {
        ArgumentNullException.ThrowIfNull(to);
        ArgumentNullException.ThrowIfNull(from);
        if (toSizes.Length != WorldSize || fromSizes.Length != WorldSize)
            throw new ArgumentException($"There are {toSizes.Length} and {fromSizes.Length} sizes for {WorldSize} ranks; valid: one per rank.", nameof(toSizes));
        _handle.AllToAll(to, from, toSizes, fromSizes);
    }

    /// <summary>Returns when every rank has called it.</summary>
    /// <exception cref="TorchException">A peer is gone or silent.</exception>
    public void Barrier() => _handle.Barrier();

    /// <summary>
    /// Leaves the group and closes the connections. Peers that still want something from this rank get an error: end with
    /// <see cref="Barrier"/> where they may. After an error it may wait for what is under way, at most for the timeout.
    /// </summary>
    public void Dispose() => _handle.Dispose();

    private static string Name(ProcessGroupBackend backend) => backend == ProcessGroupBackend.Nccl ? "nccl" : "gloo";
}
