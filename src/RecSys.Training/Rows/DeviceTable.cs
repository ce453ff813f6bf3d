using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>The rows of a table in the memory of a device, in their precision, with the state of the sparse optimiser beside them.</summary>
/// <remarks>Its work is done by kernels in the order of the calls. Reading is thread-safe.</remarks>
internal sealed class DeviceTable : IDisposable
{
    // Bytes that are copied at once between a table of this process and the device.
    private const int PieceByteCount = 64 << 20;

    private static readonly Operator s_gather = new("recsys::rows_gather");
    private static readonly Operator s_apply = new("recsys::rows_apply_");

    private readonly ulong _roundingSalt;
    private readonly long[] _shape;
    private readonly Tensor _rows;
    private readonly Tensor _states;
    private readonly Tensor _mask;
    private readonly Tensor _maskCounts;

    /// <summary>Makes room; rows and state are not set.</summary>
    /// <param name="spec">Shape and precision.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="seed">Seed of the random rounding.</param>
    /// <param name="device">Device.</param>
    /// <exception cref="TorchException">The device has not enough memory.</exception>
    public DeviceTable(TableSpec spec, SparseOptimizer optimizer, ulong seed, Device device)
    {
        Spec = spec;
        Device = device;
        StateWidth = optimizer.StateWidth(spec.Width);
        _roundingSalt = RowHash.Salt(seed, spec.Name, 1);
        _shape = [spec.RowCount, spec.Width, spec.RowByteCount, StateWidth, (long)spec.Precision.Format, spec.Precision.Bits, spec.Precision.HeaderByteCount, (long)spec.Precision.Scale];
        _rows = Room(spec.ByteCount);
        _states = Room(spec.RowCount * StateWidth * sizeof(float));
        _mask = Room(spec.Mask?.Bits.ByteCount ?? 0);
        _maskCounts = Room(spec.Mask?.CountsByteCount ?? 0);
        if (spec.Mask is null)
            return;
        Copy(_mask, 0, _mask.numel, spec.Mask.Bits.Words.Bytes, toDevice: true);
        Copy(_maskCounts, 0, _maskCounts.numel, spec.Mask.CountBuffer.Bytes, toDevice: true);
    }

    /// <summary>Shape and precision.</summary>
    public TableSpec Spec { get; }

    /// <summary>Where the rows are.</summary>
    public Device Device { get; }

    /// <summary>Numbers of optimiser state per row.</summary>
    public int StateWidth { get; }

    /// <summary>Bytes that a table takes: rows, mask and state.</summary>
    /// <param name="spec">Shape and precision.</param>
    /// <param name="optimizer">Optimiser of the rows.</param>
    public static long ByteCountOf(TableSpec spec, SparseOptimizer optimizer)
        => checked(spec.ByteCount + (spec.Mask?.ByteCount ?? 0) + (spec.RowCount * optimizer.StateWidth(spec.Width) * sizeof(float)));

    /// <summary>Reads rows, decoded.</summary>
    /// <param name="rows">Row numbers, [n] of int64 on the device.</param>
    /// <returns>[n, width].</returns>
    public Tensor Gather(Tensor rows) => s_gather.Call(_rows, _mask, _maskCounts, _shape, Spec.Precision.Step, rows);

    /// <summary>Updates rows.</summary>
    /// <param name="rows">Distinct row numbers, [n] of int64 on the device.</param>
    /// <param name="gradients">Their summed gradients, [n, width]; what they are afterwards is of no use.</param>
    /// <param name="optimizer">The rule, in a step that has begun.</param>
    public void Apply(Tensor rows, Tensor gradients, SparseOptimizer optimizer)
    {
        int rule = Array.IndexOf([.. SparseOptimizers.Names], optimizer.Name);
        s_apply.Run(
            _rows, _states, _mask, _maskCounts, _shape, Spec.Precision.Step, rows, gradients, (long)rule, optimizer.RuleNumbers, (double)optimizer.L2,
            Spec.Precision.StepLearningRate, (long)RowHash.Mix(_roundingSalt + (ulong)optimizer.StepCount), Spec.Precision.IsStochastic, Spec.Numbers.First, Spec.Numbers.Stride);
    }

    /// <summary>Copies consecutive rows from here, with their state.</summary>
    /// <param name="part">Receives them; its numbers say which they are.</param>
    public void Read(RowTable part) => Copy(part, toDevice: false);

    /// <summary>Replaces consecutive rows and their state.</summary>
    /// <param name="part">The rows; its numbers say which they are.</param>
    public void Write(RowTable part) => Copy(part, toDevice: true);

    /// <inheritdoc/>
    public void Dispose()
    {
        _rows.Dispose();
        _states.Dispose();
        _mask.Dispose();
        _maskCounts.Dispose();
    }

    // The kept numbers of a table with a mask have no places by rows: it is copied as a whole.
    private void Copy(RowTable part, bool toDevice)
    {
        long first = part.Spec.Numbers.First - Spec.Numbers.First;
        Copy(_rows, Spec.Mask is null ? first * Spec.RowByteCount : 0, part.Rows.ByteCount, part.Rows.Bytes, toDevice);
        Copy(_states, first * StateWidth * sizeof(float), part.States.ByteCount, part.States.Bytes, toDevice);
    }

    private static void Copy(Tensor own, long start, long byteCount, Func<long, int, Span<byte>> bytesOf, bool toDevice)
    {
        for (long done = 0; done < byteCount; done += PieceByteCount)
        {
            using var scope = torch.NewDisposeScope();
            int count = (int)Math.Min(PieceByteCount, byteCount - done);
            var piece = own.narrow(0, start + done, count);
            var bytes = bytesOf(done, count);
            if (toDevice)
                piece.copy_(torch.tensor(bytes));
            else
                piece.cpu().Data<byte>().CopyTo(bytes);
        }
    }

    private Tensor Room(long byteCount) => torch.empty([byteCount], torch.uint8, Device).DetachFromDisposeScope();
}
