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

    /// <summary>Creates a table with its first values, filled on all processors.</summary>
    /// <param name="spec">Shape and initialiser.</param>
    /// <param name="optimizer">Optimiser whose state is kept.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <exception cref="ArgumentException">The table has no rows or no width.</exception>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public RowTable(TableSpec spec, SparseOptimizer optimizer, ulong seed)
        : this(spec, optimizer, seed, isFilled: true)
    {
    }

    private RowTable(TableSpec spec, SparseOptimizer optimizer, ulong seed, bool isFilled)
    {
        if (spec.RowCount < 1 || spec.Width < 1)
            throw new ArgumentException($"Table '{spec.Name}' is [{spec.RowCount} × {spec.Width}]; both sizes have to be at least 1.", nameof(spec));
        Spec = spec;
        StateWidth = optimizer.StateWidth(spec.Width);
        _salt = RowHash.Salt(seed, spec.Name, 0);
        _firstState = new float[StateWidth];
        optimizer.FillInitialState(_firstState);
        Values = new NativeBuffer<float>(checked(spec.RowCount * spec.Width));
        try
        {
            States = new NativeBuffer<float>(checked(spec.RowCount * StateWidth));
        }
        catch
        {
            Values.Dispose();
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

    /// <summary>All values, row after row.</summary>
    public NativeBuffer<float> Values { get; }

    /// <summary>All optimiser state, row after row.</summary>
    public NativeBuffer<float> States { get; }

    /// <summary>For the kernels: where everything lies.</summary>
    internal TableMemory Memory => new(Values, States, Spec.RowCount);

    /// <summary>Values of a row.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<float> Row(long row) => Values.Span(row * Spec.Width, Spec.Width);

    /// <summary>Optimiser state of a row.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public Span<float> State(long row) => States.Span(row * StateWidth, StateWidth);

    /// <summary>Creates a table whose rows begin their life with <see cref="ResetRow"/>; until then they are zeros that take no memory.</summary>
    /// <inheritdoc cref="RowTable(TableSpec, SparseOptimizer, ulong)"/>
    public static RowTable CreateUnfilled(TableSpec spec, SparseOptimizer optimizer, ulong seed) => new(spec, optimizer, seed, isFilled: false);

    /// <summary>Gives a row the first values of a key, and the optimiser state of a row that was never updated.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <param name="key">Any 64 bits, for example an id. The key k has the first values that a filled table has in row k.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public void ResetRow(long row, long key)
    {
        InitialValues.FillRow(Spec.Initializer, _salt, (ulong)key, Row(row));
        _firstState.CopyTo(State(row));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Values.Dispose();
        States.Dispose();
    }

    // Memory is zero already; not writing zeros leaves the pages of a table of zeros unused.
    private bool StartsAtZero => Spec.Initializer is { Distribution: InitialDistribution.Constant, Scale: 0 };

    private void FillValues()
    {
        if (StartsAtZero)
            return;
        ForEachChunk((first, count) =>
            InitialValues.Fill(Spec.Initializer, _salt, first, Spec.Width, Values.Span(first * Spec.Width, count * Spec.Width)));
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
