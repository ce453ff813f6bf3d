namespace RecSys.Embeddings.Tables;

/// <summary>Occurrences of rows in a mini-batch, and the distinct rows among them. Not thread-safe.</summary>
internal sealed class RowOccurrences
{
    private int[] _index = [];
    private int _count;

    /// <summary>The distinct rows.</summary>
    public RowIndexer Indexer { get; } = new();

    /// <summary>For every occurrence, in the order added: its place among the distinct rows.</summary>
    public ReadOnlySpan<int> Index => _index.AsSpan(0, _count);

    /// <summary>Forgets all rows and keeps the memory.</summary>
    public void Clear()
    {
        Indexer.Clear();
        _count = 0;
    }

    /// <summary>Adds occurrences.</summary>
    /// <param name="rows">Row numbers, or ids.</param>
    /// <returns>Position of the first added occurrence in <see cref="Index"/>.</returns>
    public int Add(ReadOnlySpan<long> rows)
    {
        int start = _count;
        if (_index.Length < start + rows.Length)
            Array.Resize(ref _index, Math.Max(start + rows.Length, 2 * _index.Length));
        Indexer.Add(rows, _index.AsSpan(start, rows.Length));
        _count += rows.Length;
        return start;
    }
}
