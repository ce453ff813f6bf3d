using RecSys.Cluster.Client;
using RecSys.Cluster.Requests;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

public sealed class ReplicationTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-copies-").FullName;

    public static TheoryData<string, int, string[]> Cases
    {
        get
        {
            var data = new TheoryData<string, int, string[]>();
            foreach (string host in TestHosts.Names)
            {
                data.Add(host, 1, ["node-2", "node-3"]);
                data.Add(host, 2, ["node-0", "node-1", "node-2"]);
            }

            return data;
        }
    }

    // Two nodes own the buckets. Copies are on nodes of their own or on each other's: after every round they have the bits of the owners,
    // and after the first only what has changed is sent.
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Run_WhileTraining_CopiesHaveTheBitsOfTheOwners(string host, int copies, string[] targets)
    {
        await using var hosts = await TestHosts.StartAsync(host, 4);
        var model = TestModels.Create("adagrad", RowPrecision.Parse("int8"));
        var store = await ShardedRowStore.CreateAsync(model, [.. hosts.Nodes.Take(2)]);
        var replication = new Replication(hosts.Nodes, model.Name, _folder);
        for (int round = 0; round < 4; round++)
        {
            for (int step = 0; step < 2; step++)
                store.Apply(TestModels.Batches(model, new Random((10 * round) + step), largest: 10));

            var sent = await replication.RunAsync(targets, copies);

            int all = model.BucketCount * Math.Min(copies, targets.Length - (targets.Contains("node-0") ? 1 : 0));
            Assert.Equal(round == 0 ? (all, 0) : (0, all), (sent.Whole, sent.Deltas));
            await AssertCopiesAsync(store, hosts.Nodes, copies);
        }

        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public async Task Run_AfterWhateverBreaksAChain_SendsWholeBuckets()
    {
        await using var hosts = await TestHosts.StartAsync("in_process", 3);
        var model = TestModels.Create();
        var store = await ShardedRowStore.CreateAsync(model, [.. hosts.Nodes.Take(2)]);
        var replication = new Replication(hosts.Nodes, model.Name, _folder);
        Assert.Equal((16, 0), await RunAsync());

        // A snapshot that the copies do not see.
        store.Apply(TestModels.Batches(model, new Random(1)));
        await hosts.Nodes[0].CopyAsync(model.Name, hosts.Local[0].Get(model.Name).Buckets[0], chain: 0, Path.Combine(_folder, "file"), default);
        Assert.Equal((1, 15), await RunAsync());

        // A copy that was lost, and one that has moved in.
        await hosts.Nodes[2].ForgetAsync(model.Name, 3, default);
        Assert.Equal((1, 15), await RunAsync());

        // The node with the copies begins anew.
        await hosts.Nodes[2].DeleteAsync(model.Name, default);
        Assert.Equal((16, 0), await RunAsync());

        // The rows begin anew.
        store = await ShardedRowStore.CreateAsync(model, [.. hosts.Nodes.Take(2)]);
        store.Apply(TestModels.Batches(model, new Random(2)));
        Assert.Equal((16, 0), await RunAsync());

        // Another process copies.
        replication = new Replication(hosts.Nodes, model.Name, _folder);
        Assert.Equal((16, 0), await RunAsync());

        async Task<(int Whole, int Deltas)> RunAsync()
        {
            var round = await replication.RunAsync(["node-2"], 1);
            await AssertCopiesAsync(store, hosts.Nodes, 1);
            return (round.Whole, round.Deltas);
        }
    }

    [Fact]
    public async Task Run_FewerTargets_RemovesTheOtherCopies()
    {
        await using var hosts = await TestHosts.StartAsync("in_process", 3);
        var model = TestModels.Create();
        var store = await ShardedRowStore.CreateAsync(model, [hosts.Nodes[0]]);
        var replication = new Replication(hosts.Nodes, model.Name, _folder);
        await replication.RunAsync(["node-1", "node-2"], 2);
        await replication.RunAsync(["node-2"], 2);

        Assert.Empty(hosts.Local[1].Get(model.Name).Copies);
        Assert.Equal(16, hosts.Local[2].Get(model.Name).Copies.Count);
        await AssertCopiesAsync(store, hosts.Nodes, 1);
    }

    [Theory]
    [MemberData(nameof(TestHosts.Names), MemberType = typeof(TestHosts))]
    public async Task Copy_IsReadAndNeverWritten(string host)
    {
        await using var hosts = await TestHosts.StartAsync(host, 2);
        var model = TestModels.Create();
        var store = await ShardedRowStore.CreateAsync(model, [hosts.Nodes[0]]);
        await new Replication(hosts.Nodes, model.Name, _folder).RunAsync(["node-1"], 1);
        var plan = new RequestPlan(store.Routes, 1);
        plan.Build(TestModels.Batches(model, new Random(1)), new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Apply, Worker = 1, Sequence = 1, Step = 1 });

        var refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[1].WriteAsync(model.Name, plan.Nodes[0].Request, default));
        Assert.Equal(ShardErrorKind.Misplaced, refused.Kind);
        Assert.Contains("is a copy on this node", refused.Message, StringComparison.Ordinal);

        string path = Path.Combine(_folder, "file");
        await hosts.Nodes[0].CopyAsync(model.Name, 5, chain: 9, path, default);
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[0].FollowAsync(model.Name, 5, path, default));
        Assert.Equal((ShardErrorKind.Conflict, true), (refused.Kind, refused.Message.Contains("belongs to this node", StringComparison.Ordinal)));
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[1].FollowAsync(model.Name, 6, path, default));
        Assert.Equal((ShardErrorKind.Invalid, true), (refused.Kind, refused.Message.Contains("it holds bucket 5", StringComparison.Ordinal)));
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[1].CopyAsync(model.Name, 5, chain: 9, path, default));
        Assert.Equal(ShardErrorKind.Misplaced, refused.Kind);
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[0].CopyAsync("other", 5, chain: 9, path, default));
        Assert.Equal(ShardErrorKind.NotFound, refused.Kind);
    }

    [Fact]
    public async Task Run_NoNodeForACopy_IsRefused()
    {
        await using var hosts = await TestHosts.StartAsync("in_process", 2);
        var model = TestModels.Create();
        await ShardedRowStore.CreateAsync(model, [hosts.Nodes[0]]);
        var replication = new Replication(hosts.Nodes, model.Name, _folder);

        Assert.Contains("no other node", (await Assert.ThrowsAsync<ArgumentException>(() => replication.RunAsync(["node-0"], 1))).Message, StringComparison.Ordinal);
        Assert.Contains("no node 'x'", (await Assert.ThrowsAsync<ArgumentException>(() => replication.RunAsync(["x"], 1))).Message, StringComparison.Ordinal);
        Assert.Equal(ShardErrorKind.NotFound, (await Assert.ThrowsAsync<ShardException>(() => new Replication(hosts.Nodes, "other", _folder).RunAsync(["node-1"], 1))).Kind);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Every bucket has as many copies, none at its owner; and what each of them reads is what the owner does.
    private static async Task AssertCopiesAsync(ShardedRowStore store, IReadOnlyList<IShardNode> nodes, int copies)
    {
        var states = await Task.WhenAll(nodes.Select(n => n.FindAsync(store.Model.Name, default)));
        for (int bucket = 0; bucket < store.Model.BucketCount; bucket++)
        {
            Assert.InRange(states.Count(s => s?.Copies.Any(c => c.Bucket == bucket) == true), 1, copies);
            Assert.DoesNotContain(states, s => s?.Buckets.Contains(bucket) == true && s.Copies.Any(c => c.Bucket == bucket));
        }

        using var expected = new MemoryRowStore(store.Tables, store.Model.CreateOptimizer(), seed: 98);
        store.Pull(expected.RowTables);
        for (int n = 0; n < nodes.Count; n++)
        {
            foreach (var copy in states[n]?.Copies ?? [])
                await AssertSameAsync(store, nodes[n], copy.Bucket, expected);
        }
    }

    private static async Task AssertSameAsync(ShardedRowStore store, IShardNode node, int bucket, MemoryRowStore expected)
    {
        for (int t = 0; t < store.Tables.Count; t++)
        {
            var buckets = store.Model.BucketsOf(t);
            if (buckets.RowCountOf(bucket) == 0)
                continue;
            var batch = new RowBatch(t, store.Tables[t].Width);
            batch.Add([.. Enumerable.Range(0, (int)buckets.RowCountOf(bucket)).Select(p => buckets.PartOf(bucket).Numbers.Of(p))]);
            var plan = new RequestPlan(new RouteTable(store.Model, store.Routes.Generation, new int[store.Model.BucketCount], 1), 1);
            plan.Build([batch], new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Gather });
            await node.ReadAsync(store.Model.Name, plan.Nodes[0].Request, plan.Nodes[0].Reply, default);
            plan.Scatter();
            float[] values = new float[batch.Count * batch.Width];
            expected.RowTables[t].Gather(batch.Rows, values);
            Assert.Equal(values, batch.Values);
        }
    }
}
