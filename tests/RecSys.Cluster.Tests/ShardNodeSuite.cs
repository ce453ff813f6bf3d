using System.Runtime.InteropServices;
using RecSys.Cluster.Client;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

/// <summary>What every host has to do alike; a class per host runs it.</summary>
public abstract class ShardNodeSuite
{
    public static TheoryData<string> Precisions => [.. RowPrecision.Names];

    /// <summary>Broken requests that are sent: more where a request takes less.</summary>
    private protected virtual int BrokenRequestCount => 1_000;

    /// <summary>Starts nodes without models.</summary>
    /// <param name="count">Nodes.</param>
    private protected abstract Task<TestNodes> StartAsync(int count);

    [Theory]
    [MemberData(nameof(Precisions))]
    public async Task GatherAndApply_ThreeNodes_EqualOneProcess(string precision)
    {
        await using var hosts = await StartAsync(3);
        var model = TestModels.Create("lazy_adam", RowPrecision.Parse(precision));
        var sharded = await ShardedRowStore.OpenAsync(model, hosts.Nodes);
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);

        for (int step = 0; step < 10; step++)
            TwinTraining.Step(single, sharded, model, step);
    }

    // Rows in their precision, with masks and the state of the optimiser: out of a cluster, into another one with other nodes.
    [Theory]
    [MemberData(nameof(Precisions))]
    public async Task PullAndPush_WholeTables_CarryEveryBit(string precision)
    {
        await using var from = await StartAsync(3);
        await using var to = await StartAsync(2);
        var model = TestModels.Create("adagrad", RowPrecision.Parse(precision));
        var source = await ShardedRowStore.OpenAsync(model, from.Nodes);
        var target = await ShardedRowStore.OpenAsync(model, to.Nodes);
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        using var pulled = new MemoryRowStore(model.Tables, model.CreateOptimizer(), seed: 99);
        for (int step = 0; step < 5; step++)
        {
            source.Apply(TestModels.Batches(model, new Random(step)));
            single.Apply(TestModels.Batches(model, new Random(step)));
        }

        source.Pull(pulled.RowTables);
        target.Push(pulled.RowTables);
        target.Optimizer.StepCount = source.Optimizer.StepCount;

        foreach ((var expected, var actual) in single.RowTables.Zip(pulled.RowTables))
        {
            Assert.Equal(expected.Rows.Bytes(0, (int)expected.Rows.ByteCount), actual.Rows.Bytes(0, (int)actual.Rows.ByteCount));
            Assert.Equal(expected.States.Span(0, (int)expected.States.Length), actual.States.Span(0, (int)actual.States.Length));
        }

        var batches = TestModels.Batches(model, new Random(7));
        source.Apply(batches);
        target.Apply(batches);
        source.Gather(batches);
        float[][] values = [.. batches.Select(b => b.Values.ToArray())];
        target.Gather(batches);
        Assert.All(values.Zip(batches), pair => Assert.Equal(pair.First, pair.Second.Values));
    }

    [Fact]
    public async Task Apply_SentAgainOrTooLate_IsDoneOnce()
    {
        await using var hosts = await StartAsync(1);
        var model = TestModels.Create();
        var store = await ShardedRowStore.OpenAsync(model, hosts.Nodes);
        byte[] second = Request(store, ShardRequestKind.Apply, sequence: 2);
        byte[] first = Request(store, ShardRequestKind.Apply, sequence: 1);

        await hosts.Nodes[0].WriteAsync(model.Name, second, default);
        float[] once = Values(store);
        await hosts.Nodes[0].WriteAsync(model.Name, second, default);
        await hosts.Nodes[0].WriteAsync(model.Name, first, default);

        Assert.Equal(once, Values(store));
        await hosts.Nodes[0].WriteAsync(model.Name, Request(store, ShardRequestKind.Apply, sequence: 2, worker: 2), default);
        Assert.NotEqual(once, Values(store));
    }

    [Fact]
    public async Task Request_ThatCannotBeAnswered_IsRefusedWithAReason()
    {
        await using var hosts = await StartAsync(2);
        var model = TestModels.Create();
        var store = await ShardedRowStore.OpenAsync(model, hosts.Nodes);
        byte[] gather = Request(store, ShardRequestKind.Gather);
        byte[] reply = new byte[Gathered(store)];

        await AssertRefused(ShardErrorKind.NotFound, "no model 'other'", n => n.ReadAsync("other", gather, reply, default));
        await AssertRefused(ShardErrorKind.Invalid, "its header alone 64", n => n.ReadAsync(model.Name, new byte[10], reply, default));
        await AssertRefused(ShardErrorKind.Invalid, "'RSRQ'", n => n.ReadAsync(model.Name, new byte[100], reply, default));
        await AssertRefused(ShardErrorKind.Invalid, "kind is 1", n => n.WriteAsync(model.Name, gather, default));
        await AssertRefused(ShardErrorKind.Invalid, "but says", n => n.ReadAsync(model.Name, gather.AsMemory()[..^8], reply, default));
        await AssertRefused(ShardErrorKind.Conflict, "generation 7", n => n.ReadAsync(model.Name, Changed(gather, (ref ShardRequestHeader h) => h.Generation = 7), reply, default));
        await AssertRefused(ShardErrorKind.Conflict, "another model", n => n.ReadAsync(model.Name, Changed(gather, (ref ShardRequestHeader h) => h.Model = 7), reply, default));
        await AssertRefused(ShardErrorKind.Invalid, "version is 9", n => n.ReadAsync(model.Name, Changed(gather, (ref ShardRequestHeader h) => h.Version = 9), reply, default));
        await AssertRefused(ShardErrorKind.Misplaced, "is not on this node", _ => hosts.Nodes[1].ReadAsync(model.Name, gather, reply, default));

        async Task AssertRefused(ShardErrorKind kind, string message, Func<IShardNode, Task> call)
        {
            var error = await Assert.ThrowsAsync<ShardException>(() => call(hosts.Nodes[0]));
            Assert.Equal(kind, error.Kind);
            Assert.Contains(message, error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData(3, 2, 1)]
    [InlineData(2, 4, 3)]
    public async Task Reshard_WhileServing_KeepsEveryBit(int from, int to, int staleness)
    {
        await using var hosts = await StartAsync(Math.Max(from, to));
        await TwinTraining.WhileReshardingAsync(hosts.Nodes, from, to, staleness);
    }

    [Fact]
    public async Task Copy_IsReadAndNeverWritten()
    {
        await using var hosts = await StartAsync(2);
        var model = TestModels.Create();
        var store = await ShardedRowStore.CreateAsync(model, [hosts.Nodes[0]]);
        string folder = Directory.CreateTempSubdirectory("recsys-copies-").FullName;
        var replication = new Replication(hosts.Nodes, model.Name, folder);
        await replication.RunAsync([hosts.Nodes[1].Name], 1);
        var before = (await hosts.Nodes[1].FindAsync(model.Name, default))!.Copies.Select(c => new BucketLink(c.Bucket, c.Link)).ToArray();
        Assert.Equal(model.BucketCount, before.Length);
        store.Apply(TestModels.Batches(model, new Random(2)));
        await replication.RunAsync([hosts.Nodes[1].Name], 1);
        var changes = await hosts.Nodes[1].ChangesAsync(model.Name, before, default);
        Assert.NotEmpty(changes);
        Assert.All(changes, c => Assert.NotEmpty(c.Tables!));
        var plan = new RequestPlan(store.Routes, 1);
        plan.Build(TestModels.Batches(model, new Random(1)), new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Apply, Worker = 2, Sequence = 1, Step = 1 });

        var refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[1].WriteAsync(model.Name, plan.Nodes[0].Request, default));
        Assert.Equal(ShardErrorKind.Misplaced, refused.Kind);
        Assert.Contains("is a copy on this node", refused.Message, StringComparison.Ordinal);

        string path = Path.Combine(folder, "file");
        await hosts.Nodes[0].CopyAsync(model.Name, 5, chain: 9, path, default);
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[0].FollowAsync(model.Name, 5, path, default));
        Assert.Equal((ShardErrorKind.Conflict, true), (refused.Kind, refused.Message.Contains("belongs to this node", StringComparison.Ordinal)));
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[1].FollowAsync(model.Name, 6, path, default));
        Assert.Equal((ShardErrorKind.Invalid, true), (refused.Kind, refused.Message.Contains("it holds bucket 5", StringComparison.Ordinal)));
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[1].CopyAsync(model.Name, 5, chain: 9, path, default));
        Assert.Equal(ShardErrorKind.Misplaced, refused.Kind);
        refused = await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[0].CopyAsync("other", 5, chain: 9, path, default));
        Assert.Equal(ShardErrorKind.NotFound, refused.Kind);
        Directory.Delete(folder, recursive: true);
    }

    // A bucket that is not there is found before anything is changed.
    [Fact]
    public async Task Apply_OneBucketMisplaced_ChangesNothing()
    {
        await using var hosts = await StartAsync(2);
        var model = TestModels.Create();
        var store = await ShardedRowStore.OpenAsync(model, hosts.Nodes);
        float[] before = Values(store);
        var routes = new RouteTable(model, store.Routes.Generation, new int[model.BucketCount], 1);

        byte[] all = Request(routes, ShardRequestKind.Apply, sequence: 1, worker: 1);

        Assert.Equal(ShardErrorKind.Misplaced, (await Assert.ThrowsAsync<ShardException>(() => hosts.Nodes[0].WriteAsync(model.Name, all, default))).Kind);
        Assert.Equal(before, Values(store));
    }

    // Random changes of valid requests are answered or refused, and never anything else; what is refused changes nothing.
    [Theory]
    [InlineData("fixed")]
    [InlineData("score, forgetting")]
    [InlineData("ttl, lru, probability")]
    public async Task Request_Mutated_IsAnsweredOrRefused(string policies)
    {
        await using var hosts = await StartAsync(1);
        var model = policies == "fixed" ? TestModels.Create() : TestModels.CreateGrowing(TestModels.Policies[policies]);
        var store = await ShardedRowStore.OpenAsync(model, hosts.Nodes);
        var node = hosts.Nodes[0];
        const int Seed = 11;
        var random = new Random(Seed);
        byte[] reply = new byte[Gathered(store)];
        int refused = 0;
        for (int trial = 0; trial < BrokenRequestCount; trial++)
        {
            var kind = (ShardRequestKind)random.Next(1, 3);
            byte[] request = RequestMutator.Mutate(Request(store, kind, sequence: (ulong)trial + 1), random);
            var error = await Record.ExceptionAsync(() => kind == ShardRequestKind.Gather
                ? node.ReadAsync(model.Name, request, reply, default)
                : node.WriteAsync(model.Name, request, default));
            refused += error is ShardException ? 1 : 0;
            Assert.True(error is null or ShardException { Kind: not ShardErrorKind.Unavailable } || (error is IOException && error.Message.Contains("were expected", StringComparison.Ordinal)), $"seed {Seed}, trial {trial}: {error}");
        }

        Assert.InRange(refused, BrokenRequestCount / 4, BrokenRequestCount);
        store.Gather(TestModels.Batches(model, new Random(2)));
    }

    private delegate void Change(ref ShardRequestHeader header);

    private static byte[] Changed(byte[] request, Change change)
    {
        byte[] changed = [.. request];
        change(ref MemoryMarshal.AsRef<ShardRequestHeader>(changed.AsSpan()));
        return changed;
    }

    private static int Gathered(ShardedRowStore store)
    {
        using var request = ShardRequest.Parse(Request(store, ShardRequestKind.Gather), store.Model, ShardRequestKind.Gather);
        return request.ReplyByteCount;
    }

    private static byte[] Request(ShardedRowStore store, ShardRequestKind kind, ulong sequence = 0, ulong worker = 1) => Request(store.Routes, kind, sequence, worker);

    private static byte[] Request(RouteTable routes, ShardRequestKind kind, ulong sequence, ulong worker)
    {
        var plan = new RequestPlan(routes, 1);
        plan.Build(TestModels.Batches(routes.Model, new Random(1)), new ShardRequestHeader { Kind = (ushort)kind, Worker = worker, Sequence = sequence, Step = 1, LearningRate = 0.1f });
        return plan.Nodes[0].Request.ToArray();
    }

    private static float[] Values(ShardedRowStore store)
    {
        var batch = new RowBatch(2, 8);
        batch.Add([.. Enumerable.Range(0, 1000).Select(r => (long)r)]);
        store.Gather([batch]);
        return batch.Values.ToArray();
    }
}
