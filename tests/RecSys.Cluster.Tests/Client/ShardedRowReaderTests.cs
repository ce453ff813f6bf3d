using RecSys.Cluster.Client;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Client;

public sealed class ShardedRowReaderTests : IDisposable
{
    private static readonly TimeSpan s_refresh = TimeSpan.FromMilliseconds(50);
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-reader-").FullName;

    // From several threads, with and without a cache, while rows change and are copied: a row is always one that it was, and soon the last.
    [Theory]
    [InlineData("in_process", 0)]
    [InlineData("in_process", 20_000)]
    [InlineData("http", 1_000_000)]
    [InlineData("http1", 0)]
    public async Task Gather_WhileTrained_ReadsRowsAsTheyWereOrAre(string host, long cacheBytes)
    {
        await using var hosts = await TestHosts.StartAsync(host, 4);
        var model = TestModels.Create();
        var store = await ShardedRowStore.CreateAsync(model, [.. hosts.Nodes.Take(2)]);
        var replication = new Replication(hosts.Nodes, model.Name, _folder);
        await replication.RunAsync(["node-2", "node-3"], 1);
        using var reader = await ShardedRowReader.OpenAsync(model.Name, hosts.Nodes, new ShardedRowReaderOptions { CacheBytes = cacheBytes, RefreshInterval = s_refresh });
        List<Dictionary<long, float[]>> versions = [Rows(store)];
        int running = 1;
        List<Task<List<(long Row, float[] Values)>>> reading = [.. Enumerable.Range(0, 3).Select(ReadAsync)];
        for (int step = 0; step < 20; step++)
        {
            store.Apply(TestModels.Batches(model, new Random(step)));
            versions.Add(Rows(store));
            if (step % 2 == 0)
                await replication.RunAsync(["node-2", "node-3"], 1);
            await Task.Delay(20);
        }

        await replication.RunAsync(["node-2", "node-3"], 1);
        Volatile.Write(ref running, 0);
        foreach ((long row, float[] values) in (await Task.WhenAll(reading)).SelectMany(s => s))
            Assert.Contains(versions, v => v[row].AsSpan().SequenceEqual(values));
        var last = Rows(store);
        Assert.True(await IsSoonAsync(() => Rows(reader).All(r => r.Value.AsSpan().SequenceEqual(last[r.Key]))));
        Assert.All(reader.Latencies, l => Assert.True(l.Count > 0 && l.Failures == 0));
        Assert.Equal(cacheBytes > 0, reader.CacheHits > 0);

        async Task<List<(long Row, float[] Values)>> ReadAsync(int seed)
        {
            var random = new Random(seed);
            List<(long, float[])> seen = [];
            await Task.Yield();
            while (Volatile.Read(ref running) == 1)
            {
                var batch = new RowBatch(2, 8);
                batch.Add([.. Enumerable.Range(0, 30).Select(_ => (long)(1000 * Math.Pow(random.NextDouble(), 2)))]);
                await reader.GatherAsync([batch]);
                for (int i = 0; i < batch.Count; i++)
                    seen.Add((batch.Rows[i], batch.Values.Slice(i * 8, 8).ToArray()));
            }

            return seen;
        }
    }

    // Owners and copies take turns, and a change in a row that is cached is seen without a copy too.
    [Fact]
    public async Task Gather_CachedRowsWithoutCopies_AreReadAgain()
    {
        await using var hosts = await TestHosts.StartAsync("in_process", 1);
        var model = TestModels.Create();
        var store = await ShardedRowStore.CreateAsync(model, hosts.Nodes);
        using var reader = await ShardedRowReader.OpenAsync(model.Name, hosts.Nodes, new ShardedRowReaderOptions { CacheBytes = 1 << 20, RefreshInterval = s_refresh });
        Rows(reader);
        store.Apply(TestModels.Batches(model, new Random(1)));
        var last = Rows(store);

        Assert.True(await IsSoonAsync(() => Rows(reader).All(r => r.Value.AsSpan().SequenceEqual(last[r.Key]))));
    }

    [Fact]
    public async Task Gather_OwnerIsGone_ReadsCopies()
    {
        await using var hosts = await TestHosts.StartAsync("http", 3);
        var model = TestModels.Create();
        var store = await ShardedRowStore.CreateAsync(model, [.. hosts.Nodes.Take(2)]);
        store.Apply(TestModels.Batches(model, new Random(1)));
        var expected = Rows(store);
        await new Replication(hosts.Nodes, model.Name, _folder).RunAsync(["node-2"], 1);
        using var reader = await ShardedRowReader.OpenAsync(model.Name, hosts.Nodes, new ShardedRowReaderOptions { RefreshInterval = s_refresh });

        await hosts.StopAsync(0);

        for (int i = 0; i < 20; i++)
            Assert.All(Rows(reader), r => Assert.Equal(expected[r.Key], r.Value));
        Assert.InRange(reader.Latencies[0].Failures, 1, 20);

        // Its clients learn that from the others when they begin, too.
        using var late = await ShardedRowReader.OpenAsync(model.Name, hosts.Nodes);
        Assert.All(Rows(late), r => Assert.Equal(expected[r.Key], r.Value));
    }

    [Fact]
    public async Task Open_NothingThere_IsRefused()
    {
        await using var hosts = await TestHosts.StartAsync("in_process", 2);
        var model = TestModels.Create();
        var options = new ShardedRowReaderOptions { RetryTime = TimeSpan.FromMilliseconds(100) };

        Assert.Equal(ShardErrorKind.NotFound, (await Assert.ThrowsAsync<ShardException>(() => ShardedRowReader.OpenAsync(model.Name, hosts.Nodes, options))).Kind);
        await ShardedRowStore.CreateAsync(model, hosts.Nodes);
        Assert.Equal(ShardErrorKind.Misplaced, (await Assert.ThrowsAsync<ShardException>(() => ShardedRowReader.OpenAsync(model.Name, [hosts.Nodes[0]], options))).Kind);
        using var reader = await ShardedRowReader.OpenAsync(model.Name, hosts.Nodes, options);
        var batch = new RowBatch(2, 8);
        batch.Add([1000]);
        Assert.Throws<ArgumentOutOfRangeException>(() => reader.Gather([batch]));
    }

    [Fact]
    public void Latency_Quantiles_AreWithinAnEighth()
    {
        var latency = new NodeLatency("node");
        Assert.Equal(TimeSpan.Zero, latency.Quantile(0.5));
        for (int i = 1; i <= 100_000; i++)
            latency.Add(TimeSpan.FromMicroseconds(i));

        foreach (double share in new[] { 0.00005, 0.01, 0.5, 0.95, 0.99, 1 })
            Assert.InRange(latency.Quantile(share).TotalMicroseconds, share * 100_000 * 0.999, Math.Max(share * 100_000 * 1.13, 5));
        latency.Add(TimeSpan.FromDays(300));
        Assert.True(latency.Quantile(1) > TimeSpan.FromDays(1));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task<bool> IsSoonAsync(Func<bool> condition)
    {
        for (int i = 0; i < 200; i++)
        {
            if (condition())
                return true;
            await Task.Delay(s_refresh);
        }

        return false;
    }

    private static Dictionary<long, float[]> Rows(IRowReader reader)
    {
        var batch = new RowBatch(2, 8);
        batch.Add([.. Enumerable.Range(0, 1000).Select(r => (long)r)]);
        reader.Gather([batch]);
        Dictionary<long, float[]> rows = [];
        for (int i = 0; i < batch.Count; i++)
            rows[i] = batch.Values.Slice(i * 8, 8).ToArray();
        return rows;
    }
}
