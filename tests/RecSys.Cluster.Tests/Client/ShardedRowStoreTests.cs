using System.Diagnostics.CodeAnalysis;
using System.Reflection;
using RecSys.Cluster.Client;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Client;

public sealed class ShardedRowStoreTests
{
    // First values, reads, updates and the state of the optimiser: all bits are those of tables in one process.
    // Any consecutive rows: fewer than there are buckets, more, and none of some.
    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(16)]
    [InlineData(350)]
    public async Task PullAndPush_InParts_CarryEveryBit(int size)
    {
        var model = TestModels.Create("adagrad", RowPrecision.Parse("int8"));
        using var from = await TestCluster.OpenAsync(model, 3);
        using var to = await TestCluster.OpenAsync(model, 2);
        from.Train(seed: 1, steps: 5);
        using var whole = new MemoryRowStore(model.Tables, model.CreateOptimizer(), seed: 99);
        from.Store.Pull(whole.RowTables);
        foreach (var table in whole.RowTables)
        {
            for (long first = 0; first < table.Spec.RowCount; first += size)
            {
                var spec = table.Spec with { RowCount = Math.Min(size, table.Spec.RowCount - first), Numbers = new RowNumbers(first, 1) };
                using var part = RowTable.CreateUnfilled(spec, whole.Optimizer, seed: 98);
                from.Store.Pull([part]);
                for (long row = 0; row < spec.RowCount; row++)
                {
                    Assert.Equal(table.RowBytes(first + row), part.RowBytes(row));
                    Assert.Equal(table.State(first + row), part.State(row));
                }

                to.Store.Push([part]);
            }
        }

        from.AssertSameRows(to);
        var beyond = whole.RowTables[0].Spec with { Numbers = new RowNumbers(1, 1) };
        using var missing = RowTable.CreateUnfilled(beyond, whole.Optimizer, seed: 98);
        Assert.Contains("rows up to 2", Assert.Throws<ArgumentException>(() => from.Store.Pull([missing])).Message, StringComparison.Ordinal);
    }

    [Theory]
    [MemberData(nameof(TestModels.OptimizersAndPrecisions), MemberType = typeof(TestModels))]
    public async Task GatherAndApply_AnyNumberOfNodes_EqualOneProcess(string optimizer, string precision, string scale, int nodeCount)
    {
        var rows = TestModels.Precision(precision, scale);
        var model = TestModels.Create(optimizer, rows);
        var nodes = Nodes(nodeCount);
        var sharded = await ShardedRowStore.OpenAsync(model, nodes);
        using var single = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);

        for (int step = 0; step < 12; step++)
        {
            var expected = TestModels.Batches(model, new Random(step));
            var actual = TestModels.Batches(model, new Random(step));
            single.Gather(expected);
            sharded.Gather(actual);
            Assert.All(expected.Zip(actual), b => Assert.Equal(b.First.Values, b.Second.Values));

            single.Optimizer.LearningRate = sharded.Optimizer.LearningRate = 0.1f / (1 + step);
            single.Apply(Trained(model, expected));
            sharded.Apply(Trained(model, actual));
        }

        foreach (var node in nodes)
            node.Dispose();
    }

    [Fact]
    public async Task Open_AnotherModelOfTheName_IsRefused()
    {
        using var node = new ShardNode("a");
        await ShardedRowStore.OpenAsync(TestModels.Create(), [node]);

        var error = await Assert.ThrowsAsync<ShardException>(() => ShardedRowStore.OpenAsync(TestModels.Create("sgd"), [node]));

        Assert.Equal(ShardErrorKind.Conflict, error.Kind);
        Assert.Contains("another model named 'model'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Open_NodesThatLackBuckets_NamesOne()
    {
        var nodes = Nodes(3);
        await ShardedRowStore.OpenAsync(TestModels.Create(), nodes);

        var error = await Assert.ThrowsAsync<ShardException>(() => ShardedRowStore.OpenAsync(TestModels.Create(), [nodes[0], nodes[1]]));

        Assert.Contains("is on none of the nodes node-0, node-1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Gather_RowThatIsNotThere_IsRefusedBeforeItIsSent()
    {
        var model = TestModels.Create();
        using var node = new ShardNode("a");
        var store = await ShardedRowStore.OpenAsync(model, [node]);
        var batch = new RowBatch(1, 8);
        batch.Add([11]);

        Assert.Throws<ArgumentOutOfRangeException>(() => store.Gather([batch]));
    }

    // Nodes do not answer at one moment: one of them from before the bucket left it, the other from after it arrived.
    [Fact]
    public async Task Gather_BucketCountedBeforeAndAfterItsMove_AsksAgain()
    {
        var model = TestModels.Create(bucketCount: 4);
        var nodes = Nodes(2);
        await ShardedRowStore.CreateAsync(model, [nodes[0]]);
        var asked = DispatchProxy.Create<IShardNode, LateNode>();
        ((LateNode)asked).Node = nodes[0];
        var store = await ShardedRowStore.OpenAsync(model, [asked, nodes[1]]);
        var (expected, actual) = (TestModels.Batches(model, new Random(1)), TestModels.Batches(model, new Random(1)));
        store.Gather(expected);
        ((LateNode)asked).Former = nodes[0].Get(model.Name).State;
        var resharding = new Resharding(nodes);
        string folder = Directory.CreateTempSubdirectory("recsys-late-").FullName;
        await resharding.RunAsync(model.Name, await resharding.PlanAsync(model.Name, ["node-1"]), folder);

        store.Gather(actual);

        Assert.Null(((LateNode)asked).Former);
        Assert.All(expected.Zip(actual), b => Assert.Equal(b.First.Values, b.Second.Values));
        Directory.Delete(folder);
        Array.ForEach(nodes, n => n.Dispose());
    }

    private static RowBatch[] Trained(ShardedModel model, RowBatch[] batches) => [.. batches.Where(b => model.Tables[b.Table].IsTrained)];

    private static ShardNode[] Nodes(int count) => [.. Enumerable.Range(0, count).Select(n => new ShardNode($"node-{n}"))];

    /// <summary>A node that says once what it had some time ago.</summary>
    [SuppressMessage("Performance", "CA1852:Seal internal types", Justification = "The proxy is made as a subclass.")]
    private class LateNode : DispatchProxy
    {
        public required IShardNode Node { get; set; }

        public ShardState? Former { get; set; }

        protected override object? Invoke(MethodInfo? targetMethod, object?[]? args)
        {
            if (targetMethod!.Name != nameof(IShardNode.FindAsync) || Former is not { } former)
                return targetMethod.Invoke(Node, BindingFlags.DoNotWrapExceptions, binder: null, args, culture: null);
            Former = null;
            return Task.FromResult<ShardState?>(former);
        }
    }
}
