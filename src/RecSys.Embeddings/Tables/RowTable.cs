using System.Buffers;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;

namespace RecSys.Embeddings.Tables;

/// <summary>The rows of one table in native memory, with the state of the sparse optimiser beside them.</summary>
/// <remarks>Different rows may be used from different threads. The table owns its memory.</remarks>
public sealed class RowTable : IDisposable
{
    private const int ChunkNumbers = 1 << 20;

    /// <summary>Creates a table with its first values, filled on all processors.</summary>
    /// <param name="spec">Shape and initialiser.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <exception cref="ArgumentException">The table has no rows or no width.</exception>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public RowTable(TableSpec spec, SparseOptimizer optimizer, ulong seed)
    {
        if (spec.RowCount < 1 || spec.Width < 1)
            throw new ArgumentException($"Table '{spec.Name}' is [{spec.RowCount} × {spec.Width}]; both sizes have to be at least 1.", nameof(spec));
        Spec = spec;
        StateWidth = optimizer.StateWidth(spec.Width);
        RoundingSalt = RowHash.Salt(seed, spec.Name, 1);
        Rows = new NativeBuffer<byte>(spec.ByteCount);
        try
        {
            States = new NativeBuffer<float>(checked(spec.RowCount * StateWidth));
        }
        catch
        {
            Rows.Dispose();
            throw;
        }

        FillValues(seed);
        FillStates(optimizer);
    }

    /// <summary>Shape.</summary>
    public TableSpec Spec { get; }

    /// <summary>Numbers of optimiser state per row.</summary>
    public int StateWidth { get; }

    /// <summary>All rows, <see cref="TableSpec.RowByteCount"/> bytes each, or the numbers that are kept.</summary>
    public NativeBuffer<byte> Rows { get; }

    /// <summary>All optimiser state, row after row.</summary>
    public NativeBuffer<float> States { get; }

    /// <summary>For the kernels: where everything lies.</summary>
    internal TableMemory Memory => new(Spec, Rows, States);

    /// <summary>Salt of the random rounding; mixed with the number of the step.</summary>
    internal ulong RoundingSalt { get; }

    /// <summary>Numbers of an fp32 table.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="InvalidOperationException">Rows are not kept as fp32; <see cref="ReadRow"/> and <see cref="WriteRow"/> work with any precision.</exception>
    public Span<float> Row(long row) => Floats(row, 1);

    /// <summary>Numbers of consecutive rows of an fp32 table.</summary>
    /// <param name="firstRow">Number of the first row.</param>
    /// <param name="count">Rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">There are no such rows.</exception>
    /// <exception cref="InvalidOperationException">Rows are not kept as fp32.</exception>
    public unsafe Span<float> Floats(long firstRow, int count)
    {
        if (!Spec.IsPlain)
            throw new InvalidOperationException($"The rows of table '{Spec.Name}' are kept as {(Spec.Mask is null ? Spec.Precision : "masked fp32")}, not as fp32.");
        ArgumentOutOfRangeException.ThrowIfNegative(firstRow);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(firstRow, Spec.RowCount - count);
        return new Span<float>(Memory.Values + (firstRow * Spec.Width), checked(count * Spec.Width));
    }

    /// <summary>Reads a row of any precision.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <param name="values">Receives [width].</param>
    /// <exception cref="ArgumentException">There is no such row, or no room.</exception>
    public void ReadRow(long row, Span<float> values) => EmbeddingKernels.Gather(Memory, [row], values);

    /// <summary>Writes a row of any precision, rounded to the nearest.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <param name="values">Finite numbers, [width].</param>
    /// <exception cref="ArgumentException">There is no such row, or another number of values.</exception>
    public void WriteRow(long row, ReadOnlySpan<float> values)
    {
        if (values.Length != Spec.Width)
            throw new ArgumentException($"A row of table '{Spec.Name}' has {Spec.Width} numbers, but {values.Length} were given.", nameof(values));
        Write(row, values, Spec.Precision.Step, RowRounding.Nearest);
    }

    /// <summary>Optimiser state of a row.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<float> State(long row) => States.Span(row * StateWidth, StateWidth);

    /// <inheritdoc/>
    public void Dispose()
    {
        Rows.Dispose();
        States.Dispose();
    }

    /// <summary>Writes a row.</summary>
    /// <param name="row">Row number.</param>
    /// <param name="values">[width].</param>
    /// <param name="step">Distance of two codes with a fixed or learned scale.</param>
    /// <param name="rounding">How to round.</param>
    internal void Write(long row, ReadOnlySpan<float> values, float step, RowRounding rounding)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual((ulong)row, (ulong)Spec.RowCount, nameof(row));
        if (Spec.IsPlain)
            values.CopyTo(Row(row));
        else
            RowEncoder.Write(Memory, Spec.Precision, row, values, step, rounding);
    }

    // Memory is zero already; not writing zeros leaves the pages of a table of zeros unused. Codes of zero stand for zero only if
    // their scale and offset are zero too.
    private bool StartsAtZero => Spec is { Initializer: { Distribution: InitialDistribution.Constant, Scale: 0 }, Precision: { IsInteger: false } or { Scale: RowScale.Row } };

    private void FillValues(ulong seed)
    {
        if (StartsAtZero)
            return;
        ulong salt = RowHash.Salt(seed, Spec.Name, 0);
        ForEachChunk((first, count) =>
        {
            if (Spec.IsPlain)
            {
                InitialValues.Fill(Spec.Initializer, salt, first, Spec.Width, Floats(first, count));
                return;
            }

            float[] values = ArrayPool<float>.Shared.Rent(count * Spec.Width);
            InitialValues.Fill(Spec.Initializer, salt, first, Spec.Width, values.AsSpan(0, count * Spec.Width));
            for (int i = 0; i < count; i++)
                WriteRow(first + i, values.AsSpan(i * Spec.Width, Spec.Width));
            ArrayPool<float>.Shared.Return(values);
        });
    }

    private void FillStates(SparseOptimizer optimizer)
    {
        float[] state = new float[StateWidth];
        optimizer.FillInitialState(state);
        bool isZero = !state.AsSpan().ContainsAnyExcept(0f);
        if (isZero && StartsAtZero)
            return;
        // Zeros are written too: beside rows that take memory already, the pages are made here, by all processors, instead of one by
        // one under the first steps.
        ForEachChunk((first, count) =>
        {
            Span<float> states = States.Span(first * StateWidth, count * StateWidth);
            if (isZero)
                states.Clear();
            for (; !isZero && !states.IsEmpty; states = states[StateWidth..])
                state.CopyTo(states);
        });
    }

    private void ForEachChunk(Action<long, int> fill)
    {
        int chunkRows = Math.Max(1, ChunkNumbers / Spec.Width);
        long chunks = (Spec.RowCount + chunkRows - 1) / chunkRows;
        Parallel.For(0, chunks, chunk => fill(chunk * chunkRows, (int)Math.Min(chunkRows, Spec.RowCount - (chunk * chunkRows))));
    }
}
