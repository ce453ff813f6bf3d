using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>The rows of a table in the memory of a device or of this process, in their precision, with the state of the sparse optimiser beside them.</summary>
/// <remarks>Its work is done by kernels in the order of the calls. Reading is thread-safe.</remarks>
public sealed class DeviceTable : IDisposable
{
    // Bytes that are copied at once between a table of this process and the device.
    private const int PieceByteCount = 64 << 20;

    private static readonly Operator s_gather = new("recsys::rows_gather");
    private static readonly Operator s_apply = new("recsys::rows_apply_");
    private static readonly Operator s_move = new("recsys::rows_move_");

    private readonly ulong _roundingSalt;
    private readonly Tensor _states;

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
        _states = Room(spec.RowCount * StateByteCount).DetachFromDisposeScope();
        Values = new View(
            Room(spec.ByteCount).DetachFromDisposeScope(),
            Room(spec.Mask?.Bits.ByteCount ?? 0).DetachFromDisposeScope(),
            Room(spec.Mask?.CountsByteCount ?? 0).DetachFromDisposeScope(),
            [spec.RowCount, spec.Width, spec.RowByteCount, StateWidth, (long)spec.Precision.Format, spec.Precision.Bits, spec.Precision.HeaderByteCount, (long)spec.Precision.Scale],
            spec.Precision.Step);
        if (spec.Mask is null)
            return;
        Copy(Values.Mask, 0, Values.Mask.numel, spec.Mask.Bits.Words.Bytes, toDevice: true);
        Copy(Values.MaskCounts, 0, Values.MaskCounts.numel, spec.Mask.CountBuffer.Bytes, toDevice: true);
    }

    /// <summary>Shape and precision.</summary>
    public TableSpec Spec { get; }

    /// <summary>Where the rows are.</summary>
    public Device Device { get; }

    /// <summary>Numbers of optimiser state per row.</summary>
    public int StateWidth { get; }

    /// <summary>The rows without their state.</summary>
    public View Values { get; }

    /// <summary>Bytes that a table takes: rows, mask and state.</summary>
    /// <param name="spec">Shape and precision.</param>
    /// <param name="optimizer">Optimiser of the rows.</param>
    public static long ByteCountOf(TableSpec spec, SparseOptimizer optimizer)
        => checked(spec.ByteCount + (spec.Mask?.ByteCount ?? 0) + (spec.RowCount * optimizer.StateWidth(spec.Width) * sizeof(float)));

    /// <summary>Reads rows, decoded.</summary>
    /// <param name="rows">Row numbers, [n] of int64 where the rows are.</param>
    /// <returns>[n, width].</returns>
    public Tensor Gather(Tensor rows) => s_gather.Call(Values.Rows, Values.Mask, Values.MaskCounts, Values.Shape, Values.Step, rows);

    /// <summary>Updates rows.</summary>
    /// <param name="rows">Distinct row numbers, [n] of int64 where the rows are.</param>
    /// <param name="gradients">Their summed gradients, [n, width]; what they are afterwards is of no use.</param>
    /// <param name="optimizer">The rule, in a step that has begun.</param>
    public void Apply(Tensor rows, Tensor gradients, SparseOptimizer optimizer) => Apply([new TableUpdate(this, rows, rows, gradients)], optimizer);

    /// <summary>Updates rows of tables that are on one device.</summary>
    /// <param name="updates">Which, and how.</param>
    /// <param name="optimizer">The rule, in a step that has begun.</param>
    internal static void Apply(IReadOnlyList<TableUpdate> updates, SparseOptimizer optimizer)
    {
        if (updates.Count == 0)
            return;
        s_apply.Run(
            updates.Select(u => u.Table.Values.Rows).ToArray(),
            updates.Select(u => u.Table._states).ToArray(),
            updates.Select(u => u.Table.Values.Mask).ToArray(),
            updates.Select(u => u.Table.Values.MaskCounts).ToArray(),
            updates.SelectMany(u => u.Table.Values.Shape).ToArray(),
            updates.SelectMany(u => new[] { u.Table.Values.Step, u.Table.Spec.Precision.StepLearningRate }).ToArray(),
            updates.Select(u => u.Rows).ToArray(),
            updates.Select(u => u.Numbers).ToArray(),
            updates.Select(u => u.Gradients).ToArray(),
            (long)Array.IndexOf([.. SparseOptimizers.Names], optimizer.Name),
            optimizer.RuleNumbers,
            (double)optimizer.L2,
            updates.SelectMany(u => u.Table.Rounding(optimizer)).ToArray());
    }

    /// <summary>Consecutive rows: the table's own memory. For tables without a mask.</summary>
    /// <param name="first">First row.</param>
    /// <param name="count">Rows.</param>
    internal KeptRows Kept(long first, long count)
        => new(Values.Rows.narrow(0, first * Spec.RowByteCount, count * Spec.RowByteCount), _states.narrow(0, first * StateByteCount, count * StateByteCount));

    /// <summary>Copies rows. For tables without a mask.</summary>
    /// <param name="rows">Row numbers, int64, where the rows are.</param>
    internal KeptRows Take(Tensor rows)
    {
        var kept = new KeptRows(Room(rows.numel * Spec.RowByteCount), Room(rows.numel * StateByteCount));
        var all = torch.empty([0], torch.int64, Device);
        s_move.Run(kept.Rows, all, Values.Rows, rows, rows.numel, (long)Spec.RowByteCount);
        s_move.Run(kept.States, all, _states, rows, rows.numel, StateByteCount);
        return kept;
    }

    /// <summary>Replaces rows. For tables without a mask.</summary>
    /// <param name="rows">Row numbers, int64, where the rows are.</param>
    /// <param name="kept">As many, there too.</param>
    internal void Put(Tensor rows, KeptRows kept)
    {
        var all = torch.empty([0], torch.int64, Device);
        s_move.Run(Values.Rows, rows, kept.Rows, all, rows.numel, (long)Spec.RowByteCount);
        s_move.Run(_states, rows, kept.States, all, rows.numel, StateByteCount);
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
        _states.Dispose();
        Values.Rows.Dispose();
        Values.Mask.Dispose();
        Values.MaskCounts.Dispose();
    }

    private long[] Rounding(SparseOptimizer optimizer)
        => [(long)RowHash.Mix(_roundingSalt + (ulong)optimizer.StepCount), Spec.Precision.IsStochastic ? 1 : 0, Spec.Numbers.First, Spec.Numbers.Stride];

    // The kept numbers of a table with a mask have no places by rows: it is copied as a whole.
    private void Copy(RowTable part, bool toDevice)
    {
        long first = (part.Spec.Numbers.First - Spec.Numbers.First) / Spec.Numbers.Stride;
        Copy(Values.Rows, Spec.Mask is null ? first * Spec.RowByteCount : 0, part.Rows.ByteCount, part.Rows.Bytes, toDevice);
        Copy(_states, first * StateByteCount, part.States.ByteCount, part.States.Bytes, toDevice);
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

    private long StateByteCount => StateWidth * (long)sizeof(float);

    private Tensor Room(long byteCount) => torch.empty([byteCount], torch.uint8, Device);

    /// <summary>Rows to be read.</summary>
    /// <param name="Rows">All rows.</param>
    /// <param name="Mask">Which numbers are kept; empty for all.</param>
    /// <param name="MaskCounts">How many are kept before every 512.</param>
    /// <param name="Shape">Rows, numbers and bytes of a row, numbers of its state, format, bits, bytes of a header, scale.</param>
    /// <param name="Step">Distance of two codes of a fixed scale.</param>
    public sealed record View(Tensor Rows, Tensor Mask, Tensor MaskCounts, long[] Shape, double Step)
    {
        /// <summary>Rows of fp32.</summary>
        /// <param name="values">[rows × width], on the device.</param>
        /// <param name="width">Numbers of a row.</param>
        public View(Tensor values, int width)
            : this(values, values, values, [values.numel / width, width, width * sizeof(float), 0, (long)RowFormat.Fp32, 32, 0, 0], 0)
        {
            Mask = torch.empty([0], torch.uint8, values.device);
            MaskCounts = Mask;
        }
    }
}
