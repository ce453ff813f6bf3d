using RecSys.Cluster.Client;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Client;

public sealed class ShardedRowStoreTests
{
    public static TheoryData<string, string, string, int> Cases
    {
        get
        {
            var data = new TheoryData<string, string, string, int>();
            foreach (string optimizer in SparseOptimizers.Names)
            {
                foreach (string precision in RowPrecision.Names)
                {
                    foreach (string scale in precision.StartsWith("int", StringComparison.Ordinal) ? RowPrecision.ScaleNames : ["row"])
                    {
                        foreach (int nodes in new[] { 1, 2, 3, 5 })
                            data.Add(optimizer, precision, scale, nodes);
                    }
                }
            }

            return data;
        }
    }

    // First values, reads, updates and the state of the optimiser: all bits are those of tables in one process.
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task GatherAndApply_AnyNumberOfNodes_EqualOneProcess(string optimizer, string precision, string scale, int nodeCount)
    {
        var rows = RowPrecision.Parse(precision) with { Scale = (RowScale)RowPrecision.ScaleNames.ToList().IndexOf(scale), StepLearningRate = 0.01f };
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

    private static RowBatch[] Trained(ShardedModel model, RowBatch[] batches) => [.. batches.Where(b => model.Tables[b.Table].IsTrained)];

    private static ShardNode[] Nodes(int count) => [.. Enumerable.Range(0, count).Select(n => new ShardNode($"node-{n}"))];
}
