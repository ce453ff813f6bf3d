using RecSys.Cluster.Client;
using RecSys.Cluster.Storage;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

public sealed class ReshardingTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-reshard-").FullName;

    public static TheoryData<int, int, int> Cases
    {
        get
        {
            var data = new TheoryData<int, int, int>();
            int[] counts = [1, 2, 3, 4, 8];
            foreach (int from in counts)
            {
                foreach (int to in counts.Where(c => c != from))
                    data.Add(from, to, 1 + ((from + to) % 3));
            }

            return data;
        }
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Run_WhileServing_KeepsEveryBit(int from, int to, int staleness)
    {
        await using var hosts = await TestHosts.StartAsync("in_process", Math.Max(from, to));
        await TwinTraining.WhileReshardingAsync(hosts.Nodes, from, to, staleness);
    }

    // A move that stopped halfway: the bucket is on its way over a restart, and the same command ends the move.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Run_AfterAnInterruption_EndsTheMove(bool hasArrived)
    {
        var model = TestModels.Create(bucketCount: 4);
        float[] before;
        using (var a = Node("a"))
        using (var b = Node("b"))
        {
            var store = await ShardedRowStore.CreateAsync(model, [a]);
            store.Apply(TestModels.Batches(model, new Random(1)));
            before = Values(store);
            string path = Path.Combine(_folder, "moving");
            a.Get(model.Name).Detach(2, path);
            if (hasArrived)
            {
                await b.CreateAsync(model, [], a.Get(model.Name).Generation, default);
                b.Get(model.Name).Attach(2, path);
            }

            Assert.Equal([2], a.Get(model.Name).State.Leaving);
        }

        using (var a = Node("a"))
        using (var b = Node("b"))
        {
            Assert.Equal([0, 1, 3], a.Get(model.Name).Buckets);
            Assert.Equal([2], a.Get(model.Name).State.Leaving);
            var resharding = new Resharding([a, b]);
            await resharding.RunAsync(model.Name, await resharding.PlanAsync(model.Name, ["b"]), _folder);
            Assert.Empty(a.Get(model.Name).Buckets);
            Assert.Equal(before, Values(await ShardedRowStore.OpenAsync(model, [a, b])));
        }

        using (var b = Node("b"))
            Assert.Equal(before, Values(await ShardedRowStore.OpenAsync(model, [b])));

        ShardNode Node(string name) => new(name, new StorageOptions { Folder = Path.Combine(_folder, name) });
    }

    [Fact]
    public async Task Run_BackToWhereItCameFrom_ServesTheBucketAgain()
    {
        var model = TestModels.Create(bucketCount: 4);
        using var a = new ShardNode("a");
        var store = await ShardedRowStore.CreateAsync(model, [a]);
        float[] before = Values(store);
        a.Get(model.Name).Detach(1, Path.Combine(_folder, "moving"));

        var resharding = new Resharding([a]);
        var moves = await resharding.PlanAsync(model.Name, ["a"]);
        await resharding.RunAsync(model.Name, moves, _folder);

        Assert.Equal([new Resharding.Move(1, "a", "a")], moves);
        Assert.Equal(before, Values(store));
    }

    [Fact]
    public async Task Plan_UnknownNodeOrModel_IsRefused()
    {
        using var a = new ShardNode("a");
        var resharding = new Resharding([a]);

        Assert.Contains("valid: a", (await Assert.ThrowsAsync<ArgumentException>(() => resharding.PlanAsync("model", ["b"]))).Message, StringComparison.Ordinal);
        Assert.Equal(ShardErrorKind.NotFound, (await Assert.ThrowsAsync<ShardException>(() => resharding.PlanAsync("model", ["a"]))).Kind);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static float[] Values(ShardedRowStore store)
    {
        var batch = new RowBatch(2, 8);
        batch.Add([.. Enumerable.Range(0, 1000).Select(r => (long)r)]);
        store.Gather([batch]);
        return batch.Values.ToArray();
    }
}
