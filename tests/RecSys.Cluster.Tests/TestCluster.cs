using RecSys.Cluster.Client;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

/// <summary>Nodes in this process with a model, and a client.</summary>
internal sealed class TestCluster : IDisposable
{
    private readonly ShardNode[] _nodes;

    private TestCluster(ShardNode[] nodes, ShardedRowStore store)
    {
        _nodes = nodes;
        Store = store;
    }

    public ShardedRowStore Store { get; }

    public static async Task<TestCluster> OpenAsync(ShardedModel model, int nodeCount)
    {
        ShardNode[] nodes = [.. Enumerable.Range(0, nodeCount).Select(n => new ShardNode($"node-{n}"))];
        return new TestCluster(nodes, await ShardedRowStore.OpenAsync(model, nodes));
    }

    public static async Task<TestCluster> LoadAsync(IReadOnlyList<SnapshotFolder> chain, int nodeCount)
    {
        ShardNode[] nodes = [.. Enumerable.Range(0, nodeCount).Select(n => new ShardNode($"node-{n}"))];
        await SnapshotFolder.RestoreAsync(chain, nodes);
        return new TestCluster(nodes, await ShardedRowStore.OpenAsync(chain[0].Model, nodes));
    }

    public void Train(int seed, int steps, int largest = 200)
    {
        var random = new Random(seed);
        for (int step = 0; step < steps; step++)
            Store.Apply(TestModels.Batches(Store.Model, random, largest));
    }

    public void Write(string folder, ulong chain) => SnapshotFolder.WriteAsync(folder, _nodes, Store.Model.Name, chain).GetAwaiter().GetResult();

    public void AssertSameRows(TestCluster other)
    {
        for (int table = 0; table < Store.Tables.Count; table++)
        {
            var expected = TestModels.Whole(Store.Model, table);
            Store.Gather([expected]);
            float[] values = expected.Values.ToArray();
            other.Store.Gather([expected]);
            Assert.Equal(values, expected.Values);
        }
    }

    public void Dispose()
    {
        foreach (var node in _nodes)
            node.Dispose();
    }
}
