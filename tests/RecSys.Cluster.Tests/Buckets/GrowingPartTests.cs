using RecSys.Cluster.Buckets;
using RecSys.Cluster.Client;
using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Growing;

namespace RecSys.Cluster.Tests.Buckets;

public sealed class GrowingPartTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-growing-").FullName;

    public static TheoryData<string, int, int> PoliciesAndSizes
    {
        get
        {
            var data = new TheoryData<string, int, int>();
            foreach (string policies in TestModels.Policies.Where(p => p.Value.Admission.Rule != AdmissionRule.CountingBloom && p.Value.Admission.Candidates != 100).Select(p => p.Key))
            {
                foreach (int bucketCount in new[] { 1, 4 })
                {
                    foreach (int capacity in new[] { 1, 64, 300 })
                        data.Add(policies, bucketCount, capacity);
                }
            }

            return data;
        }
    }

    public static TheoryData<string> Policies => [.. TestModels.Policies.Keys];

    public static TheoryData<string> Hosts => TestHosts.Names;

    // Every id admitted and room for all: reads, updates and states have the bits of one table in this process, wherever the rows are.
    [Theory]
    [MemberData(nameof(TestModels.OptimizersAndPrecisions), MemberType = typeof(TestModels))]
    public async Task GatherAndApply_RoomForAll_EqualOneTable(string optimizer, string precision, string scale, int nodeCount)
    {
        await using var hosts = await TestHosts.StartAsync("in_process", nodeCount);
        await AssertEqualOneTable(hosts, optimizer, TestModels.Precision(precision, scale));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task GatherAndApply_EveryHost_EqualOneTable(string host)
    {
        await using var hosts = await TestHosts.StartAsync(host, 3);
        await AssertEqualOneTable(hosts, "lazy_adam", RowPrecision.Parse("int8"));

        var states = await Task.WhenAll(hosts.Nodes.Select(n => n.FindAsync("model", default)));
        Assert.Equal(TestModels.Ids.Length, states.Sum(s => s!.Growing.Single(t => t.Table == "embedding/user").Rows));
        Assert.Equal(6400, states.Sum(s => s!.Growing.Single(t => t.Table == "linear/user").Capacity));
    }

    // Against plain collections: which ids have a row, what is in it, and what is counted. Steps arrive in any order.
    [Theory]
    [MemberData(nameof(PoliciesAndSizes))]
    public async Task GatherAndApply_RandomSteps_AreThoseOfTheDefinition(string policies, int bucketCount, int capacity)
    {
        const int Seed = 7;
        var random = new Random(Seed);
        using var node = new ShardNode("a");
        var model = TestModels.CreateGrowing(TestModels.Policies[policies], "adagrad", RowPrecision.Parse("fp16"), bucketCount, capacity);
        var store = await ShardedRowStore.OpenAsync(model, [node]);
        using var expected = new Definition(model, table: 0);
        for (int step = 0; step < 300; step++)
        {
            var batch = TestModels.Batches(model, random, random.Next(1, 120))[0];
            store.Gather([batch]);
            Assert.Equal(expected.Gather(batch), batch.Values);
            if (random.Next(4) == 0)
                continue;
            store.Optimizer.StepCount = random.Next(step / 2, step + 1);
            store.Apply([batch]);
            expected.Apply(batch, store.Optimizer.StepCount);
        }

        var all = TestModels.Whole(model, 0);
        store.Gather([all]);
        Assert.Equal(expected.Gather(all), all.Values);
        Assert.Equal(expected.State, node.Get(model.Name).State.Growing.Single(t => t.Table == "embedding/user"));
    }

    // What is on N nodes is, in all bits of all files, what is on one: rows, states, ids, those that wait, and counts.
    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Apply_AnyNumberOfNodes_GivesTheSameFiles(string policies)
    {
        var model = TestModels.CreateGrowing(TestModels.Policies[policies], "ftrl", RowPrecision.Parse("int4"));
        foreach (int nodeCount in new[] { 1, 2, 3, 5 })
        {
            using var cluster = await TestCluster.OpenAsync(model, nodeCount);
            cluster.Train(seed: 4, steps: 40);
            cluster.Write(PathOf(nodeCount), chain: 5);
            AssertSameFiles(PathOf(1), PathOf(nodeCount));
        }
    }

    // The log gives back every bit, also after the middle of a record that no one was told of.
    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Open_AfterACrash_GivesTheSameFiles(string policies)
    {
        var model = TestModels.CreateGrowing(TestModels.Policies[policies], "lazy_adam", RowPrecision.Parse("int8"));
        var storage = new Cluster.Storage.StorageOptions { Folder = Path.Combine(_folder, "node") };
        ulong sequence = 0;
        for (int life = 0; life < 3; life++)
        {
            using (var node = new ShardNode("a", storage))
            {
                var store = await ShardedRowStore.OpenAsync(model, [node]);
                store.Sequence = sequence;
                store.Optimizer.StepCount = (long)sequence;
                for (int step = 0; step < 20; step++)
                {
                    var batches = TestModels.Batches(model, new Random((100 * life) + step));
                    store.Gather(batches);
                    store.Apply(batches);
                    if (step == 10 && life == 1)
                        node.Get(model.Name).Persist();
                }

                sequence = store.Sequence;
                await SnapshotFolder.WriteAsync(PathOf(0), [node], model.Name, chain: 5);
            }

            string log = Directory.EnumerateFiles(storage.Folder, "*.log", SearchOption.AllDirectories).Order(StringComparer.Ordinal).Last();
            byte[] bytes = await File.ReadAllBytesAsync(log);
            await File.AppendAllBytesAsync(log, bytes[64..(64 + 1000)]);
            using (var node = new ShardNode("a", storage))
                await SnapshotFolder.WriteAsync(PathOf(1), [node], model.Name, chain: 5);
            AssertSameFiles(PathOf(0), PathOf(1));
        }
    }

    // A base and deltas, read again, are the live bucket in all bits.
    [Theory]
    [MemberData(nameof(Policies))]
    public async Task ReadDelta_AfterABase_GivesTheSameFiles(string policies)
    {
        var model = TestModels.CreateGrowing(TestModels.Policies[policies], "adagrad", RowPrecision.Parse("bf16"), bucketCount: 4);
        using var cluster = await TestCluster.OpenAsync(model, 1);
        for (int part = 0; part < 4; part++)
        {
            cluster.Train(seed: part, steps: part == 2 ? 0 : 5);
            cluster.Write(PathOf(part), part == 0 ? 77u : 0);
        }

        using var restored = await TestCluster.LoadAsync([.. Enumerable.Range(0, 4).Select(p => SnapshotFolder.Open(PathOf(p)))], 1);
        cluster.Write(PathOf(8), chain: 5);
        restored.Write(PathOf(9), chain: 5);

        AssertSameFiles(PathOf(8), PathOf(9));
    }

    // A copy that follows its owner reads alike, and both name every id that reads otherwise than before: changed, new, or without its row.
    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Changes_OfOwnerAndCopy_NameEveryIdThatReadsOtherwise(string policies)
    {
        var model = TestModels.CreateGrowing(TestModels.Policies[policies], bucketCount: 2, capacity: 100);
        using var owner = new ShardNode("a");
        using var copy = new ShardNode("b");
        var store = await ShardedRowStore.OpenAsync(model, [owner]);
        await copy.CreateAsync(model, [], store.Routes.Generation, default);
        string path = Path.Combine(_folder, "copy");
        var random = new Random(5);
        BucketLink[] since = [];
        float[] before = [];
        int different = 0;
        for (int round = 0; round < 12; round++)
        {
            for (int step = 0; step < 3; step++)
                store.Apply(TestModels.Batches(model, random, 60));
            for (int bucket = 0; bucket < 2; bucket++)
            {
                owner.Get(model.Name).Copy(bucket, round == 0 ? 9u : 0, path);
                copy.Get(model.Name).Follow(bucket, path);
            }

            var all = TestModels.Whole(model, 0);
            var plan = new RequestPlan(store.Routes, 1);
            plan.Build([all], new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Gather });
            await copy.ReadAsync(model.Name, plan.Nodes[0].Request, plan.Nodes[0].Reply, default);
            plan.Scatter();
            float[] values = all.Values.ToArray();
            store.Gather([all]);
            Assert.Equal(values, all.Values);
            foreach (var node in round == 0 ? [] : new[] { owner, copy })
            {
                long[] named = [.. node.Get(model.Name).Changes(since).SelectMany(c => c.Tables!).Where(t => t.Table == 0).SelectMany(t => t.Keys)];
                long[] otherwise = [.. TestModels.Ids.Where((_, i) => !before.AsSpan(i * 8, 8).SequenceEqual(values.AsSpan(i * 8, 8)))];
                Assert.Empty(otherwise.Except(named));
                different += otherwise.Length;
            }

            before = values;
            since = [.. Enumerable.Range(0, 2).Select(b => new BucketLink(b, new ChainLink(9, round)))];
        }

        Assert.True(different > 0);
    }

    // Ids come and go without end, but notes of them do not.
    [Fact]
    public async Task Changes_MoreIdsThanAreNoted_AreNotKnown()
    {
        var model = TestModels.CreateGrowing(TestModels.Policies["lru"], bucketCount: 1, capacity: 100);
        using var node = new ShardNode("a");
        var store = await ShardedRowStore.OpenAsync(model, [node]);
        var shard = node.Get(model.Name);
        string path = Path.Combine(_folder, "copy");
        shard.Copy(0, chain: 9, path);
        for (int round = 0; round < 3; round++)
        {
            var batch = new RowBatch(0, 8);
            batch.Add([.. Enumerable.Range(5000 * round, round == 0 ? 5000 : 90).Select(i => (long)i)]);
            for (int i = 0; i < batch.Count; i += 90)
            {
                var some = new RowBatch(0, 8);
                some.Add(batch.Rows.Slice(i, Math.Min(90, batch.Count - i)));
                store.Apply([some]);
            }

            shard.Copy(0, chain: 0, path);
            Assert.Equal(round == 0, Assert.Single(shard.Changes([new BucketLink(0, new ChainLink(9, round))])).Tables is null);
        }
    }

    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Apply_SentAgainOrTooLate_IsDoneOnce(string policies)
    {
        using var node = new ShardNode("a");
        var model = TestModels.CreateGrowing(TestModels.Policies[policies]);
        var store = await ShardedRowStore.OpenAsync(model, [node]);
        byte[][] updates = [.. Enumerable.Range(1, 20).Select(s => Request(store, TestModels.Batches(model, new Random(s)), ShardRequestKind.Apply, (ulong)s))];
        foreach (byte[] update in updates)
            await node.WriteAsync(model.Name, update, default);
        await SnapshotFolder.WriteAsync(PathOf(0), [node], model.Name, chain: 5);

        foreach (byte[] update in updates.Reverse())
            await node.WriteAsync(model.Name, update, default);
        store.Gather(TestModels.Batches(model, new Random(1)));
        await SnapshotFolder.WriteAsync(PathOf(1), [node], model.Name, chain: 5);

        AssertSameFiles(PathOf(0), PathOf(1));
    }

    [Theory]
    [MemberData(nameof(Hosts))]
    public async Task Request_ThatCannotBeForAGrowingTable_IsRefused(string host)
    {
        await using var hosts = await TestHosts.StartAsync(host, 1);
        var node = hosts.Nodes[0];
        var model = TestModels.CreateGrowing(new());
        var store = await ShardedRowStore.OpenAsync(model, [node]);
        var batch = new RowBatch(0, 8);
        batch.Add([42]);
        byte[] gather = Request(store, [batch], ShardRequestKind.Gather);
        BitConverter.TryWriteBytes(gather.AsSpan(gather.Length - sizeof(long)), Enumerable.Range(0, 1000).First(id => model.BucketsOf(0).BucketOf(id) != model.BucketsOf(0).BucketOf(42)) + 0L);

        var foreign = await Assert.ThrowsAsync<ShardException>(() => node.ReadAsync(model.Name, gather, new byte[32], default));
        var export = await Assert.ThrowsAsync<ShardException>(() => node.ReadAsync(model.Name, Request(store, [batch], ShardRequestKind.Export), new byte[36], default));

        Assert.Equal((ShardErrorKind.Invalid, ShardErrorKind.Invalid), (foreign.Kind, export.Kind));
        Assert.Contains("of table 'embedding/user' is in bucket", foreign.Message, StringComparison.Ordinal);
        Assert.Contains("'embedding/user' is a growing one", export.Message, StringComparison.Ordinal);
        using var rows = RowTable.CreateUnfilled(model.Tables[0], model.CreateOptimizer(), 1);
        Assert.Contains("whose rows have no numbers", Assert.Throws<ArgumentException>(() => store.Pull([rows])).Message, StringComparison.Ordinal);
    }

    // A file of a bucket whose checksum is right, but not its content: it is refused, or the bucket works; memory is never touched where it
    // should not be.
    [Theory]
    [MemberData(nameof(Policies))]
    public async Task Attach_ForgedFile_IsRefusedOrServed(string policies)
    {
        const int Seed = 3;
        var random = new Random(Seed);
        var model = TestModels.CreateGrowing(TestModels.Policies[policies], bucketCount: 1);
        using var from = new ShardNode("a");
        var store = await ShardedRowStore.OpenAsync(model, [from]);
        for (int step = 0; step < 10; step++)
            store.Apply(TestModels.Batches(model, random));
        string path = Path.Combine(_folder, "bucket");
        await from.DetachAsync(model.Name, 0, path, default);
        byte[] whole = await File.ReadAllBytesAsync(path);
        int served = 0;
        for (int trial = 0; trial < 300; trial++)
        {
            byte[] forged = [.. whole];
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                // Between the header of the file and the fixed table.
                int at = 72 + random.Next(random.Next(2) == 0 ? 200 : 4000);
                random.NextBytes(forged.AsSpan(at, random.Next(1, 9)));
            }

            var hash = new Embeddings.Memory.XxHash64();
            hash.Append(forged.AsSpan(..^sizeof(ulong)));
            BitConverter.TryWriteBytes(forged.AsSpan(forged.Length - sizeof(ulong)), hash.Hash);
            await File.WriteAllBytesAsync(path, forged);
            using var to = new ShardNode("b");
            await to.CreateAsync(model, [], 1, default);
            var error = await Record.ExceptionAsync(() => to.AttachAsync(model.Name, 0, path, default));
            Assert.True(error is null or ShardException { Kind: ShardErrorKind.Invalid }, $"seed {Seed}, trial {trial}: {error}");
            if (error is not null)
                continue;
            served++;
            var forgedStore = await ShardedRowStore.OpenAsync(model, [to], new ShardedRowStoreOptions { Worker = 7, WorkerCount = 7 });
            var batches = TestModels.Batches(model, random);
            forgedStore.Gather(batches);
            Assert.True(Record.Exception(() => forgedStore.Apply(batches)) is null or OverflowException, $"seed {Seed}, trial {trial}");
        }

        Assert.InRange(served, 1, 299);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private static async Task AssertEqualOneTable(TestHosts hosts, string optimizer, RowPrecision precision)
    {
        var model = TestModels.CreateGrowing(new(), optimizer, precision, capacity: 6400);
        var sharded = await ShardedRowStore.OpenAsync(model, hosts.Nodes);
        using var user = new GrowingTable(model.Tables[0], model.CreateOptimizer(), model.Seed);
        using var linear = new GrowingTable(model.Tables[2], model.CreateOptimizer(), model.Seed);
        for (int step = 0; step < 15; step++)
        {
            var batches = step == 14 ? [TestModels.Whole(model, 0), TestModels.Whole(model, 2)] : TestModels.Batches(model, new Random(step));
            sharded.Gather(batches);
            sharded.Optimizer.LearningRate = 0.1f / (1 + step);
            foreach (var batch in batches.Where(b => model.Tables[b.Table].Growing is not null))
            {
                batch.ClearGradients();
                foreach (ref float gradient in batch.Gradients)
                    gradient = MathF.Sin(batch.Count + step);
                var table = batch.Table == 0 ? user : linear;
                Assert.Equal(Train(table, batch, sharded.Optimizer.LearningRate), batch.Values);
            }

            sharded.Apply(batches);
        }
    }

    private static float[] Train(GrowingTable table, RowBatch batch, float rate)
    {
        long[] slots = new long[batch.Count];
        float[] values = new float[batch.Values.Length];
        table.BeginStep();
        table.Resolve(batch.Rows, slots);
        table.GatherSlots(slots, values);
        table.Optimizer.LearningRate = rate;
        table.Update(slots, batch.Gradients);
        return values;
    }

    private static byte[] Request(ShardedRowStore store, RowBatch[] batches, ShardRequestKind kind, ulong sequence = 0)
    {
        var plan = new RequestPlan(store.Routes, 1);
        plan.Build(batches, new ShardRequestHeader { Kind = (ushort)kind, Worker = 1, Sequence = sequence, Step = Math.Max(1, (long)sequence), LearningRate = 0.1f });
        return plan.Nodes[0].Request.ToArray();
    }

    private static void AssertSameFiles(string expected, string actual)
    {
        foreach (string file in Directory.EnumerateFiles(expected, "*.rsb"))
            Assert.True(File.ReadAllBytes(file).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual, Path.GetFileName(file)))), Path.GetFileName(file));
    }

    private string PathOf(int part) => Path.Combine(_folder, $"part-{part}");

    /// <summary>A growing table in buckets as plain collections: by bucket which ids have a row, and a row for every id that there is.</summary>
    private sealed class Definition : IDisposable
    {
        private readonly ShardedModel _model;
        private readonly int _table;
        private readonly GrowingOptions _options;
        private readonly SlotMap _draws;
        private readonly SlotMapModel[] _maps;
        private readonly Dictionary<long, int> _occurrences = [];
        private readonly long[] _clocks;
        private readonly int[] _steps;
        private readonly SparseOptimizer _optimizer;
        private readonly RowTable _rows;
        private int _bucket;

        public Definition(ShardedModel model, int table)
        {
            var part = model.BucketsOf(table).PartOf(0);
            _model = model;
            _table = table;
            _options = part.Growing!;
            _optimizer = model.CreateOptimizer();
            _rows = RowTable.CreateUnfilled(model.Tables[table] with { RowCount = TestModels.Ids.Length }, _optimizer, model.Seed);
            _draws = new SlotMap(part.RowCount, _options, Embeddings.Kernels.RowHash.Salt(model.Seed, part.Name, 1));
            _maps = [.. Enumerable.Range(0, model.BucketCount).Select(_ => new SlotMapModel((int)part.RowCount, _options, Admits, _draws.Sample))];
            _clocks = new long[_maps.Length];
            _steps = new int[_maps.Length];
            State = new GrowingState(part.Name, part.RowCount * _maps.Length, 0, 0, 0, 0, 0);
        }

        public GrowingState State { get; private set; }

        public float[] Gather(RowBatch batch)
        {
            float[] values = new float[batch.Count * batch.Width];
            for (int i = 0; i < batch.Count; i++)
            {
                long id = batch.Rows[i];
                if (HasRow(id))
                    _rows.ReadRow(Place(id), values.AsSpan(i * batch.Width, batch.Width));
                else if (_options.Admission == AdmissionPolicy.Always)
                    _rows.FirstValues(id, values.AsSpan(i * batch.Width, batch.Width));
            }

            return values;
        }

        public void Apply(RowBatch batch, long step)
        {
            _optimizer.StepCount = step - 1;
            _optimizer.BeginStep();
            long[] ids = batch.Rows.ToArray();
            foreach (var ofBucket in ids.GroupBy(id => _model.BucketsOf(_table).BucketOf(id)))
            {
                _bucket = ofBucket.Key;
                _clocks[_bucket] = Math.Max(_clocks[_bucket], step);
                _steps[_bucket]++;
                long[] before = [.. ofBucket.Where(HasRow)];
                _maps[_bucket].BeginStep(_clocks[_bucket]);
                _maps[_bucket].Resolve([.. ofBucket]);
                foreach (long id in ofBucket.Where(HasRow))
                {
                    _occurrences.Remove(id);
                    if (!before.Contains(id))
                        _rows.ResetRow(Place(id), id);
                    int at = Array.IndexOf(ids, id) * batch.Width;
                    _optimizer.Update(_rows, [Place(id)], batch.Gradients.Slice(at, batch.Width));
                }
            }

            var counters = _maps.Select(m => m.Counters).ToList();
            State = State with
            {
                Rows = _maps.Sum(m => m.Count),
                Admitted = counters.Sum(c => c.Admitted),
                Evicted = counters.Sum(c => c.Expired + c.Displaced),
                Waiting = counters.Sum(c => c.NotYetAdmitted),
                Rejected = counters.Sum(c => c.RejectedFull),
            };
        }

        public void Dispose()
        {
            _draws.Dispose();
            _rows.Dispose();
        }

        private bool HasRow(long id) => _maps[_model.BucketsOf(_table).BucketOf(id)].Find([id])[0] >= 0;

        private static int Place(long id) => Array.IndexOf(TestModels.Ids, id);

        private bool Admits(long id)
        {
            if (_options.Admission.Rule == AdmissionRule.Probability)
            {
                using var filter = _options.Admission.CreateFilter(Embeddings.Kernels.RowHash.Mix(Embeddings.Kernels.RowHash.Salt(_model.Seed, _model.Tables[_table].Name, 1) + 2));
                return filter.Admits(id, _steps[_bucket]);
            }

            int occurrences = Math.Min(_occurrences.GetValueOrDefault(id) + 1, _options.Admission.Occurrences);
            _occurrences[id] = occurrences;
            return occurrences == _options.Admission.Occurrences;
        }
    }
}
