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
    private readonly ulong _salt;
    private readonly float[] _firstState;

    // The ids of the rows of a growing table; null where nothing depends on them.
    private readonly NativeBuffer<long>? _keys;

    /// <summary>Creates a table with its first values, filled on all processors.</summary>
    /// <param name="spec">Shape and initialiser.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <exception cref="ArgumentException">The table has no rows or no width, or is a growing one.</exception>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public RowTable(TableSpec spec, SparseOptimizer optimizer, ulong seed)
        : this(spec, optimizer, seed, isFilled: true)
    {
    }

    private RowTable(TableSpec spec, SparseOptimizer optimizer, ulong seed, bool isFilled)
    {
        if (spec.RowCount < 1 || spec.Width < 1)
            throw new ArgumentException($"Table '{spec.Name}' is [{spec.RowCount} × {spec.Width}]; both sizes have to be at least 1.", nameof(spec));
        if (isFilled && spec.Growing is not null)
            throw new ArgumentException($"Table '{spec.Name}' is a growing one: its rows begin with their ids and cannot be filled before.", nameof(spec));
        Spec = spec;
        StateWidth = optimizer.StateWidth(spec.Width);
        _salt = RowHash.Salt(seed, spec.Name, 0);
        RoundingSalt = RowHash.Salt(seed, spec.Name, 1);
        _firstState = new float[StateWidth];
        optimizer.FillInitialState(_firstState);
        Rows = new NativeBuffer<byte>(spec.ByteCount);
        try
        {
            States = new NativeBuffer<float>(checked(spec.RowCount * StateWidth));
            _keys = spec.Growing is not null && spec.Precision.RoundsAtRandom ? new NativeBuffer<long>(spec.RowCount) : null;
        }
        catch
        {
            Dispose();
            throw;
        }

        if (!isFilled)
            return;
        FillValues();
        FillStates();
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

    /// <summary>Reads rows of any precision.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="values">Receives [rows × width].</param>
    /// <exception cref="ArgumentException">There is no such row, or no room.</exception>
    public void Gather(ReadOnlySpan<long> rows, Span<float> values) => EmbeddingKernels.Gather(Memory, rows, values);

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

    /// <summary>Copies all rows of another table: as they are kept, or decoded and rounded to the nearest where that differs.</summary>
    /// <param name="source">As many rows of the same width; with a mask, the same is needed here.</param>
    /// <exception cref="ArgumentException">The table has another shape or another mask.</exception>
    public void CopyFrom(RowTable source) => RowCopy.Run(source.Memory, source.Spec, this);

    /// <summary>The bytes of a row of a table without a mask, in its precision.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<byte> RowBytes(long row) => Rows.Span(row * Spec.RowByteCount, Spec.RowByteCount);

    /// <summary>Optimiser state of a row.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<float> State(long row) => States.Span(row * StateWidth, StateWidth);

    /// <summary>Writes a row, rounded to the nearest, and gives it the optimiser state of a row that was never updated.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <param name="values">Finite numbers, [width].</param>
    /// <exception cref="ArgumentException">There is no such row, or another number of values.</exception>
    public void RestartRow(long row, ReadOnlySpan<float> values)
    {
        WriteRow(row, values);
        _firstState.CopyTo(State(row));
    }

    /// <summary>Creates a table whose rows begin their life with <see cref="ResetRow"/>; until then they are zeros that take no memory.</summary>
    /// <inheritdoc cref="RowTable(TableSpec, SparseOptimizer, ulong)"/>
    public static RowTable CreateUnfilled(TableSpec spec, SparseOptimizer optimizer, ulong seed) => new(spec, optimizer, seed, isFilled: false);

    /// <summary>Gives a row the first values of a key, and the optimiser state of a row that was never updated.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <param name="key">Any 64 bits, for example an id. The key k has the first values that a filled table has in row k, and in a growing
    /// table its random rounding.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public void ResetRow(long row, long key)
    {
        SetKey(row, key);
        if (Spec.IsPlain)
        {
            InitialValues.FillRow(Spec.Initializer, _salt, (ulong)key, Row(row));
        }
        else
        {
            float[] values = ArrayPool<float>.Shared.Rent(Spec.Width);
            InitialValues.FillRow(Spec.Initializer, _salt, (ulong)key, values.AsSpan(0, Spec.Width));
            WriteRow(row, values.AsSpan(0, Spec.Width));
            ArrayPool<float>.Shared.Return(values);
        }

        _firstState.CopyTo(State(row));
    }

    /// <summary>The values that a row has after <see cref="ResetRow"/>, in the precision of the table.</summary>
    /// <param name="key">Any 64 bits.</param>
    /// <param name="values">Receives [width].</param>
    internal void FirstValues(long key, Span<float> values)
    {
        InitialValues.FillRow(Spec.Initializer, _salt, (ulong)key, values);
        if (!Spec.IsPlain)
            RowEncoder.Round(Spec, values);
    }

    /// <summary>Notes the id of a row that is restored.</summary>
    internal void SetKey(long row, long key)
    {
        if (_keys is not null)
            _keys.Span(row, 1)[0] = key;
    }

    /// <summary>What the random rounding of a row depends on: its number in the whole table, or its id.</summary>
    internal long NumberOf(long row) => _keys is null ? Spec.Numbers.Of(row) : _keys.Span(row, 1)[0];

    /// <inheritdoc/>
    public void Dispose()
    {
        Rows.Dispose();
        States?.Dispose();
        _keys?.Dispose();
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

    private void FillValues()
    {
        if (StartsAtZero)
            return;
        ForEachChunk((first, count) =>
        {
            var numbers = Spec.Numbers with { First = Spec.Numbers.Of(first) };
            if (Spec.IsPlain)
            {
                InitialValues.Fill(Spec.Initializer, _salt, numbers, Spec.Width, Floats(first, count));
                return;
            }

            float[] values = ArrayPool<float>.Shared.Rent(count * Spec.Width);
            InitialValues.Fill(Spec.Initializer, _salt, numbers, Spec.Width, values.AsSpan(0, count * Spec.Width));
            for (int i = 0; i < count; i++)
                WriteRow(first + i, values.AsSpan(i * Spec.Width, Spec.Width));
            ArrayPool<float>.Shared.Return(values);
        });
    }

    private void FillStates()
    {
        bool isZero = !_firstState.AsSpan().ContainsAnyExcept(0f);
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
                _firstState.CopyTo(states);
        });
    }

    private void ForEachChunk(Action<long, int> fill)
    {
        int chunkRows = Math.Max(1, ChunkNumbers / Spec.Width);
        long chunks = (Spec.RowCount + chunkRows - 1) / chunkRows;
        Parallel.For(0, chunks, chunk => fill(chunk * chunkRows, (int)Math.Min(chunkRows, Spec.RowCount - (chunk * chunkRows))));
    }
}
