using RecSys.Cluster.Client;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

/// <summary>A model that is trained on nodes and in one process, with the same bits.</summary>
internal static class TwinTraining
{
    /// <summary>
    /// From N to M nodes while a client reads and updates: at every moment its rows are those of one process, and no update is lost or
    /// done twice, whatever the staleness.
    /// </summary>
    /// <param name="nodes">Nodes without the model, as many as the larger number.</param>
    /// <param name="from">Nodes that have the model first.</param>
    /// <param name="to">Nodes that have it in the end.</param>
    /// <param name="staleness">Staleness of the client.</param>
    public static async Task WhileReshardingAsync(IReadOnlyList<IShardNode> nodes, int from, int to, int staleness)
    {
        var model = TestModels.Create("lazy_adam", bucketCount: 32);
        string[] names = [.. nodes.Select(n => n.Name)];
        await ShardedRowStore.CreateAsync(model, [.. nodes.Take(from)]);
        var store = await ShardedRowStore.OpenAsync(model, nodes, new ShardedRowStoreOptions { Staleness = staleness });
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        var resharding = new Resharding(nodes);
        string folder = Directory.CreateTempSubdirectory("recsys-reshard-").FullName;

        var moves = await resharding.PlanAsync(model.Name, names[..to]);
        var moving = Task.Run(() => resharding.RunAsync(model.Name, moves, folder));
        int steps = 0;
        for (; !moving.IsCompleted || steps < 20; steps++)
            Step(single, store, model, steps);

        await moving;
        store.Settle();
        Directory.Delete(folder, recursive: true);
        var states = await Task.WhenAll(nodes.Select(n => n.FindAsync(model.Name, default)));
        Assert.All(names.Zip(states), n => Assert.Equal(Array.IndexOf(names, n.First) < to ? 32 / to : 0, n.Second?.Buckets.Count ?? 0, 1.0));
        Assert.All(states, s => Assert.Empty(s?.Leaving ?? []));
        Assert.Empty(await resharding.PlanAsync(model.Name, names[..to]));
    }

    /// <summary>A step in one process and on nodes, which have to read the same before it.</summary>
    public static void Step(MemoryRowStore single, ShardedRowStore store, ShardedModel model, int step)
    {
        var expected = TestModels.Batches(model, new Random(step));
        var actual = TestModels.Batches(model, new Random(step));
        single.Gather(expected);
        store.Gather(actual);
        Assert.All(expected.Zip(actual), b => Assert.Equal(b.First.Values, b.Second.Values));
        single.Apply(expected);
        store.Apply(actual);
    }
}
