using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests;

/// <summary>Rows in plain arrays with normal random values; Apply only records what it was given.</summary>
internal sealed class ArrayRowStore : IRowStore
{
    public ArrayRowStore(IReadOnlyList<TableSpec> tables, int seed = 7)
    {
        Tables = tables;
        var random = new Random(seed);
        Values = [.. tables.Select(t => Enumerable.Range(0, (int)(t.RowCount * t.Width)).Select(_ => (float)(random.NextDouble() - 0.5)).ToArray())];
    }

    public IReadOnlyList<TableSpec> Tables { get; }

    public float[][] Values { get; }

    public List<int[]> AppliedTables { get; } = [];

    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        foreach (RowBatch batch in batches)
        {
            for (int i = 0; i < batch.Count; i++)
                Values[batch.Table].AsSpan((int)batch.Rows[i] * batch.Width, batch.Width).CopyTo(batch.Values[(i * batch.Width)..]);
        }
    }

    public void Apply(ReadOnlySpan<RowBatch> batches) => AppliedTables.Add([.. batches.ToArray().Select(b => b.Table)]);

    public void Dispose()
    {
    }
}
