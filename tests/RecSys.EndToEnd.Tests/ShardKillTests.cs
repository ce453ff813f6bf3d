using System.Diagnostics;
using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using Xunit.Abstractions;

namespace RecSys.EndToEnd.Tests;

/// <summary>Shard servers that are killed with SIGKILL while they are updated and read.</summary>
public sealed class ShardKillTests(ITestOutputHelper output)
{
    private int _updates;

    [Fact]
    public Task KillShards_DuringUpdates_LosesAndRepeatsNothing() => RunFixedAsync(kills: 6, seed: 1);

    [Fact]
    [Trait("Category", "Long")]
    public Task KillShards_ManyTimes_LosesAndRepeatsNothing() => RunFixedAsync(kills: 200, seed: 2);

    [Fact]
    public Task KillShards_GrowingTables_LosesAndRepeatsNothing() => RunGrowingAsync(kills: 4, seed: 3);

    [Fact]
    [Trait("Category", "Long")]
    public Task KillShards_GrowingTablesManyTimes_LosesAndRepeatsNothing() => RunGrowingAsync(kills: 100, seed: 4);

    private async Task RunFixedAsync(int kills, int seed)
    {
        var model = Model(
            new TableSpec("embedding/item", 20_000, 16, Initializer.Normal(0.1)),
            new TableSpec("linear/item", 20_000, 1, Initializer.Zero),
            new TableSpec("coded", 3000, 8, Initializer.Normal(0.1)) { Precision = RowPrecision.Parse("int8") });
        using var expected = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        await RunAsync(model, expected, kills, seed);
    }

    // Ids that wait, are admitted and lose their rows: on one node in this process, which is never killed, as on the servers.
    private async Task RunGrowingAsync(int kills, int seed)
    {
        var growing = new GrowingOptions { Admission = AdmissionPolicy.Count(2, 20_000), Eviction = EvictionPolicy.LeastFrequentlyUsed };
        var model = Model(
            new TableSpec("embedding/user", 600, 16, Initializer.Normal(0.1)) { Growing = growing },
            new TableSpec("coded", 600, 8, Initializer.Normal(0.1)) { Growing = growing with { TimeToLive = 20 }, Precision = RowPrecision.Parse("int8") });
        using var node = new ShardNode("expected");
        using var expected = await ShardedRowStore.OpenAsync(model, [node]);
        await RunAsync(model, expected, kills, seed);
        Assert.All(node.Get(model.Name).State.Growing, t => Assert.True(t.Evicted > 0 && t.Waiting > 0, $"{t}"));
    }

    private static ShardedModel Model(params TableSpec[] tables) => new("model", tables, "lazy_adam", new SparseOptimizerOptions(), seed: 1);

    // A register check: every update that was acknowledged is also made to tables in this process, in the same order. In the end, and
    // in each read on the way, all rows of all servers have the same bits: nothing is lost, done twice, or torn.
    private async Task RunAsync(ShardedModel model, IRowStore expected, int kills, int seed)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-kill-").FullName;
        ShardProcess[] servers = [.. Enumerable.Range(0, 3).Select(n => new ShardProcess($"node-{n}", Path.Combine(folder, $"node-{n}"), "log"))];
        HttpShardNode[] nodes = [.. servers.Select(s => new HttpShardNode(s.Name, s.Url))];
        try
        {
            var store = await ShardedRowStore.OpenAsync(model, nodes);
            var killing = Task.Run(() => Kill(servers, kills, new Random(seed)));
            var random = new Random(seed);
            int updates = 0;
            while (!killing.IsCompleted)
            {
                var batches = Batches(model, random);
                store.Apply(batches);
                expected.Apply(batches);
                updates++;
                Interlocked.Increment(ref _updates);
                if (updates % 5 == 0)
                    AssertSame(expected, store, Batches(model, random));
            }

            var recoveries = await killing;
            AssertSame(expected, store, WholeTables(model));
            output.WriteLine($"{kills} kills, {updates} updates of {model.Tables.Count} tables, back after {recoveries.Average(t => t.TotalSeconds):0.00} s on average, {recoveries.Max(t => t.TotalSeconds):0.00} s at most");
        }
        finally
        {
            foreach (var node in nodes)
                node.Dispose();
            foreach (var server in servers)
                server.Dispose();
            Directory.Delete(folder, recursive: true);
        }
    }

    private List<TimeSpan> Kill(ShardProcess[] servers, int kills, Random random)
    {
        List<TimeSpan> recoveries = [];
        for (int kill = 0; kill < kills; kill++)
        {
            // Some updates after the last kill, and then at any moment of one.
            int seen = Volatile.Read(ref _updates) + random.Next(1, 4);
            SpinWait.SpinUntil(() => Volatile.Read(ref _updates) >= seen);
            long until = Stopwatch.GetTimestamp() + (long)(random.NextDouble() * 0.03 * Stopwatch.Frequency);
            SpinWait.SpinUntil(() => Stopwatch.GetTimestamp() >= until);
            recoveries.Add(servers[random.Next(servers.Length)].KillAndRestart());
        }

        return recoveries;
    }

    private static RowBatch[] Batches(ShardedModel model, Random random) => [.. model.Tables.Select((table, i) =>
    {
        var batch = new RowBatch(i, table.Width);
        batch.Add([.. Enumerable.Range(0, 500).Select(_ => random.NextInt64(RowsOf(table)))]);
        foreach (ref float g in batch.Gradients)
            g = (float)(random.NextDouble() - 0.5);
        return batch;
    })];

    private static RowBatch[] WholeTables(ShardedModel model) => [.. model.Tables.Select((table, i) =>
    {
        var batch = new RowBatch(i, table.Width);
        batch.Add([.. Enumerable.Range(0, (int)RowsOf(table)).Select(r => (long)r)]);
        return batch;
    })];

    // Growing tables have room for a third of their ids.
    private static long RowsOf(TableSpec table) => table.Growing is null ? table.RowCount : 3 * table.RowCount;

    private static void AssertSame(IRowStore expected, ShardedRowStore actual, RowBatch[] batches)
    {
        expected.Gather(batches);
        float[][] values = [.. batches.Select(b => b.Values.ToArray())];
        actual.Gather(batches);
        Assert.All(values.Zip(batches), pair => Assert.Equal(pair.First, pair.Second.Values));
    }
}
