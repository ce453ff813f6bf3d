using RecSys.Cluster.Client;
using RecSys.Cluster.Storage;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Storage;

public sealed class ShardStorageTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-shard-").FullName;

    public static TheoryData<string, string> Cases
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string optimizer in new[] { "lazy_adam", "row_wise_adagrad" })
            {
                foreach (string precision in RowPrecision.Names)
                    data.Add(optimizer, precision);
            }

            return data;
        }
    }

    // A crash after some updates: the log gives them back, with the state of the optimiser, and what was sent before is not done again.
    [Theory]
    [MemberData(nameof(Cases))]
    public async Task Open_AfterACrash_HasEveryAcknowledgedUpdate(string optimizer, string precision)
    {
        var model = TestModels.Create(optimizer, RowPrecision.Parse(precision));
        using var expected = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        ulong sequence = 0;
        ulong generation = 0;
        for (int life = 0; life < 3; life++)
        {
            using var node = new ShardNode("a", Options(Durability.Log));
            var store = await ShardedRowStore.OpenAsync(model, [node]);
            if (sequence > 0)
            {
                // The client did not hear of its last update.
                store.Sequence = sequence - 1;
                store.Optimizer.StepCount = (long)sequence - 1;
                store.Apply(TestModels.Batches(model, new Random((int)sequence)));
            }

            AssertSame(expected, store);
            for (int step = 0; step < 4; step++)
            {
                sequence++;
                store.Apply(TestModels.Batches(model, new Random((int)sequence)));
                expected.Apply(TestModels.Batches(model, new Random((int)sequence)));
            }

            generation = generation == 0 ? node.Get(model.Name).Generation : generation;
            Assert.Equal(generation, node.Get(model.Name).Generation);
        }
    }

    [Fact]
    public async Task Open_SnapshotAfterACrash_HasTheLastAndAnotherGeneration()
    {
        var model = TestModels.Create();
        float[] persisted;
        ulong generation;
        using (var node = new ShardNode("a", Options(Durability.Snapshot)))
        {
            var store = await ShardedRowStore.OpenAsync(model, [node]);
            store.Apply(TestModels.Batches(model, new Random(1)));
            node.Get(model.Name).Persist();
            generation = node.Get(model.Name).Generation;
            persisted = Values(store);
            store.Apply(TestModels.Batches(model, new Random(2)));
            Assert.NotEqual(persisted, Values(store));
        }

        using (var node = new ShardNode("a", Options(Durability.Snapshot)))
        {
            var store = await ShardedRowStore.OpenAsync(model, [node]);
            Assert.Equal(persisted, Values(store));
            Assert.Equal(generation + 1, node.Get(model.Name).Generation);
            store.Sequence = 5;
            store.Apply(TestModels.Batches(model, new Random(3)));
            persisted = Values(store);
            node.Close();
        }

        using (var node = new ShardNode("a", Options(Durability.Snapshot)))
        {
            Assert.Equal(persisted, Values(await ShardedRowStore.OpenAsync(model, [node])));
            Assert.Equal(generation + 1, node.Get(model.Name).Generation);
        }
    }

    // The log is folded into files many times over while updates go on.
    [Fact]
    public async Task Apply_LogPastItsSize_IsFoldedAndNothingIsLost()
    {
        var model = TestModels.Create(bucketCount: 4);
        var options = Options(Durability.Log) with { CompactLogBytes = 100_000 };
        using var expected = new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed);
        using (var node = new ShardNode("a", options))
        {
            var store = await ShardedRowStore.OpenAsync(model, [node]);
            for (int step = 0; step < 200; step++)
            {
                store.Apply(TestModels.Batches(model, new Random(step)));
                expected.Apply(TestModels.Batches(model, new Random(step)));
            }

            node.Get(model.Name).Persist();
        }

        Assert.InRange(Directory.EnumerateDirectories(Path.Combine(_folder, model.Name), "files-*").Count(), 1, 1);
        using (var node = new ShardNode("a", options))
            AssertSame(expected, await ShardedRowStore.OpenAsync(model, [node]));
    }

    [Fact]
    public async Task Open_WithAnotherDurability_KeepsTheRows()
    {
        var model = TestModels.Create();
        float[] rows = [];
        int lives = 0;
        foreach (var durability in new[] { Durability.Log, Durability.Snapshot, Durability.Log, Durability.Log })
        {
            using var node = new ShardNode("a", Options(durability));
            var store = await ShardedRowStore.OpenAsync(model, [node]);
            if (rows.Length > 0)
                Assert.Equal(rows, Values(store));
            store.Sequence = (ulong)(++lives * 100);
            for (int step = 0; step < 3; step++)
                store.Apply(TestModels.Batches(model, new Random(step)));
            rows = Values(store);
            node.Close();
            Assert.Equal(durability == Durability.Log, Directory.EnumerateDirectories(Path.Combine(_folder, model.Name), "log-*").Any());
        }
    }

    // What a crash in the middle of making a folder or of replacing its files leaves.
    [Fact]
    public async Task Open_Leftovers_AreRemoved()
    {
        var model = TestModels.Create();
        using (var node = new ShardNode("a", Options(Durability.Log)))
            (await ShardedRowStore.OpenAsync(model, [node])).Apply(TestModels.Batches(model, new Random(1)));
        Directory.CreateDirectory(Path.Combine(_folder, model.Name, "files-00000001"));
        Directory.CreateDirectory(Path.Combine(_folder, model.Name, "log-9"));
        Directory.CreateDirectory(Path.Combine(_folder, "unfinished"));

        using var opened = new ShardNode("a", Options(Durability.Log));

        Assert.Equal([$"log-{opened.Get(model.Name).Generation}"], Directory.EnumerateDirectories(Path.Combine(_folder, model.Name)).Select(f => Path.GetFileName(f)!));
        Assert.Equal(ShardErrorKind.NotFound, Assert.Throws<ShardException>(() => opened.Get("unfinished")).Kind);
    }

    [Fact]
    public async Task Open_DamagedFile_NamesIt()
    {
        var model = TestModels.Create();
        using (var node = new ShardNode("a", Options(Durability.Log)))
        {
            await ShardedRowStore.OpenAsync(model, [node]);
            node.Get(model.Name).Persist();
        }

        foreach (string file in Directory.EnumerateFiles(_folder, "*.*", SearchOption.AllDirectories).Where(f => f.EndsWith(".json", StringComparison.Ordinal) || f.EndsWith(".rsb", StringComparison.Ordinal)).Take(5))
        {
            byte[] whole = await File.ReadAllBytesAsync(file);
            await File.WriteAllBytesAsync(file, whole[..^5]);
            Assert.StartsWith(file, Assert.Throws<InvalidDataException>(() => new ShardNode("a", Options(Durability.Log))).Message, StringComparison.Ordinal);
            await File.WriteAllBytesAsync(file, whole);
        }
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private StorageOptions Options(Durability durability) => new() { Folder = _folder, Durability = durability };

    private static void AssertSame(MemoryRowStore expected, ShardedRowStore actual)
    {
        for (int t = 0; t < expected.Tables.Count; t++)
        {
            var batch = new RowBatch(t, expected.Tables[t].Width);
            batch.Add([.. Enumerable.Range(0, (int)expected.Tables[t].RowCount).Select(r => (long)r)]);
            expected.Gather([batch]);
            float[] values = batch.Values.ToArray();
            actual.Gather([batch]);
            Assert.Equal(values, batch.Values);
        }
    }

    private static float[] Values(ShardedRowStore store)
    {
        var batch = new RowBatch(2, 8);
        batch.Add([.. Enumerable.Range(0, 1000).Select(r => (long)r)]);
        store.Gather([batch]);
        return batch.Values.ToArray();
    }
}
