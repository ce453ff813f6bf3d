using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>The rows that one source contributes for a run of ids.</summary>
public readonly record struct SourceRows
{
    private readonly RowBatch? _batch;
    private readonly float[]? _values;
    private readonly int[]? _index;
    private readonly float[]? _gradients;
    private readonly long[]? _codes;
    private readonly float[]? _notes;
    private readonly int _start;
    private readonly int _count;

    /// <summary>Creates the view.</summary>
    /// <param name="batch">Distinct rows of the table.</param>
    /// <param name="start">First occurrence of the run in <see cref="RowBatch.Index"/>.</param>
    /// <param name="count">Number of occurrences.</param>
    /// <param name="gradients">Where gradients are summed instead of <see cref="RowBatch.Gradients"/>; as long, or longer.</param>
    public SourceRows(RowBatch batch, int start, int count, float[]? gradients = null)
    {
        _batch = batch;
        _start = start;
        _count = count;
        _gradients = gradients;
        Width = batch.Width;
    }

    /// <summary>Creates a view of rows that were read without a mini-batch, to be combined but not trained.</summary>
    /// <param name="values">One row per id, without gaps; may be longer.</param>
    /// <param name="width">Numbers per row.</param>
    /// <param name="index">For each id its row among them; may be longer.</param>
    /// <param name="count">Number of ids.</param>
    internal SourceRows(float[] values, int width, int[] index, int count)
    {
        _values = values;
        _index = index;
        _count = count;
        Width = width;
    }

    /// <summary>Creates a view of numbers that were computed per id.</summary>
    /// <param name="codes">Numbers.</param>
    /// <param name="start">First number of the run.</param>
    /// <param name="count">Number of ids.</param>
    /// <param name="notes">Where notes are written, as long as the numbers.</param>
    internal SourceRows(long[] codes, int start, int count, float[]? notes = null)
    {
        _codes = codes;
        _notes = notes;
        _start = start;
        _count = count;
    }

    /// <summary>For each id of the run the number that <see cref="RowSource.Code"/> computed; empty for rows.</summary>
    public ReadOnlySpan<long> Codes => _codes is null ? [] : _codes.AsSpan(_start, _count);

    /// <summary>
    /// For each id of the run a number that a backward pass may leave for its method, beside what was computed; empty for rows and
    /// where nothing is trained.
    /// </summary>
    public Span<float> Notes => _notes is null ? [] : _notes.AsSpan(_start, _count);

    /// <summary>Numbers per row.</summary>
    public int Width { get; }

    /// <summary>For each id of the run its place among <see cref="Values"/>.</summary>
    public ReadOnlySpan<int> Index => _batch is null ? _index.AsSpan(0, _count) : _batch.Index.Slice(_start, _count);

    /// <summary>Values of the rows, row-major: all distinct rows of the mini-batch.</summary>
    public ReadOnlySpan<float> Values => _batch is null ? _values.AsSpan(0, _count * Width) : _batch.Values;

    /// <summary>Gradients of all distinct rows of the table, row-major; to be added to.</summary>
    public Span<float> Gradients
        => _batch is null ? [] : _gradients is null ? _batch.Gradients : _gradients.AsSpan(0, _batch.Count * _batch.Width);
}
