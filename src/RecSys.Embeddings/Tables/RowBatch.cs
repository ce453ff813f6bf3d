using System.Diagnostics;

namespace RecSys.Embeddings.Tables;

/// <summary>
/// The distinct rows of one table that a mini-batch touches, with room for their values and summed gradients. Every
/// occurrence of a row in the mini-batch is an index into the distinct rows.
/// </summary>
/// <remarks>Reusable buffer; not thread-safe while rows are added.</remarks>
public sealed class RowBatch
{
    private readonly RowOccurrences _occurrences;
    private float[] _values = [];
    private float[] _gradients = [];

    /// <summary>Creates an empty batch for one table.</summary>
    /// <param name="table">Index of the table in its store.</param>
    /// <param name="width">Numbers per row.</param>
    public RowBatch(int table, int width)
        : this(table, width, new RowOccurrences())
    {
    }

    private RowBatch(int table, int width, RowOccurrences occurrences)
    {
        Table = table;
        Width = width;
        _occurrences = occurrences;
    }

    /// <summary>Index of the table in its store.</summary>
    public int Table { get; }

    /// <summary>Numbers per row.</summary>
    public int Width { get; }

    /// <summary>True when kernels read the values where they lie.</summary>
    internal bool IsPinned { get; init; }

    /// <summary>The rows and their occurrences, which twins share.</summary>
    internal RowOccurrences Occurrences => _occurrences;

    /// <summary>Number of distinct rows.</summary>
    public int Count => _occurrences.Indexer.Count;

    /// <summary>The distinct rows, in the order of first occurrence.</summary>
    public ReadOnlySpan<long> Rows => _occurrences.Indexer.Keys;

    /// <summary>For every occurrence, in the order added: its place in <see cref="Rows"/>.</summary>
    public ReadOnlySpan<int> Index => _occurrences.Index;

    /// <summary>Values of the distinct rows, [<see cref="Count"/> × <see cref="Width"/>], filled by <see cref="IRowReader.Gather"/>.</summary>
    public Span<float> Values => Room(ref _values);

    /// <summary>
    /// Summed gradients of the distinct rows, [<see cref="Count"/> × <see cref="Width"/>]. The numbers are left over from earlier
    /// mini-batches until <see cref="ClearGradients"/>: whoever starts a backward pass calls it.
    /// </summary>
    public Span<float> Gradients => Room(ref _gradients);

    /// <summary>A batch for another table whose rows are always the same as this one's: adding to either adds to both.</summary>
    /// <param name="table">Index of the other table in its store.</param>
    /// <param name="width">Numbers per row of the other table.</param>
    internal RowBatch Twin(int table, int width) => new(table, width, _occurrences);

    /// <summary>Forgets all rows and keeps the memory.</summary>
    public void Clear() => _occurrences.Clear();

    /// <summary>Sets all gradients to zero: the start of a backward pass.</summary>
    public void ClearGradients() => Gradients.Clear();

    /// <summary>Adds occurrences; duplicates are found and stored once.</summary>
    /// <param name="rows">Row numbers, each ≥ 0, or the ids of a growing table.</param>
    /// <returns>Position of the first added occurrence in <see cref="Index"/>.</returns>
    public int Add(ReadOnlySpan<long> rows) => _occurrences.Add(rows);

    /// <summary>Turns rows into their places in <see cref="Rows"/>.</summary>
    /// <param name="rows">Rows that have been added.</param>
    internal void Locate(Span<long> rows) => _occurrences.Indexer.Locate(rows);

    private Span<float> Room(ref float[] buffer)
    {
        int length = checked(Count * Width);
        Debug.Assert(Width > 0, "A row has at least one number.");
        if (buffer.Length < length)
            buffer = GC.AllocateUninitializedArray<float>(Math.Max(length, 2 * buffer.Length), IsPinned);
        return buffer.AsSpan(0, length);
    }
}
