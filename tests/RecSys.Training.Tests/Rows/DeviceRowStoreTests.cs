using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

/// <summary>
/// The kernels of rows on a device, compiled for the processor, against the rows of this process; on a GPU too, where there is one.
/// </summary>
public sealed class DeviceRowStoreTests
{
    private const ulong Seed = 5;
    private const int RowCount = 400;

    public static TheoryData<string, string> Devices
    {
        get
        {
            var cases = new TheoryData<string, string>();
            foreach (string device in torch.cuda_is_available() ? new[] { "cpu", "cuda" } : ["cpu"])
            {
                foreach (string optimizer in SparseOptimizers.Names)
                    cases.Add(device, optimizer);
            }

            return cases;
        }
    }

    private static IEnumerable<RowPrecision> Precisions
    {
        get
        {
            foreach (string name in RowPrecision.Names)
            {
                foreach (bool stochastic in new[] { true, false })
                {
                    var precision = RowPrecision.Parse(name) with { IsStochastic = stochastic, Step = 0.004f, StepLearningRate = 0.01f };
                    foreach (var scale in precision.IsInteger ? Enum.GetValues<RowScale>() : [RowScale.Row])
                        yield return precision with { Scale = scale };
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Apply_FloatRowsOfAnyWidth_AreThoseOfMemory(string device, string optimizer)
    {
        TableSpec[] tables = [.. new[] { 1, 2, 3, 4, 5, 8, 16, 20, 33, 64, 128, 300 }.Select(width => Table($"width{width}", width))];

        using var pair = new Pair(tables, optimizer, device);
        for (int step = 0; step < 5; step++)
            pair.Step(step);

        foreach (var table in tables)
            Assert.All(pair.Differences(table), difference => Assert.InRange(difference, 0, 2e-6f));
    }

    // Where two computations differ in the last bit, a number may be rounded to the neighbouring code.
    [Theory]
    [MemberData(nameof(Devices))]
    public void Apply_CodedRows_AreThoseOfMemoryButForSomeNeighbouringCodes(string device, string optimizer)
    {
        TableSpec[] tables =
        [
            .. from precision in Precisions
               from width in new[] { 3, 16, 21 }
               select Table($"{precision}/{precision.IsStochastic}/{width}", width) with { Precision = precision },
        ];

        using var pair = new Pair(tables, optimizer, device);
        pair.Step(0);

        foreach (var table in tables)
        {
            float[] differences = [.. pair.Differences(table)];
            Assert.True(differences.Count(d => d > 1e-6f) <= differences.Length / 100, $"{table.Name}: {differences.Count(d => d > 1e-6f)} of {differences.Length} numbers differ");
            Assert.InRange(differences.Max(), 0, 0.3f);
        }
    }

    [Theory]
    [MemberData(nameof(Devices))]
    public void Apply_RowsWithAMask_ChangesTheNumbersThatAreKept(string device, string optimizer)
    {
        using var bits = new PackedArray(RowCount * 21, 1);
        var random = new Random(1);
        for (long i = 0; i < bits.Length; i++)
            bits[i] = (uint)random.Next(2);
        using var mask = new RowMask(bits);
        var table = Table("masked", 21) with { Mask = mask };

        using var pair = new Pair([table], optimizer, device);
        for (int step = 0; step < 3; step++)
            pair.Step(step);

        Assert.All(pair.Differences(table), difference => Assert.InRange(difference, 0, 2e-6f));
        Assert.Contains(0f, pair.Values(table));
    }

    // The cache is smaller than a mini-batch, than three, and as large as the table. On a GPU, rows outside of it are updated by another processor.
    [Theory]
    [MemberData(nameof(Devices))]
    public void Steps_RowsWithACache_AreTheBitsOfRowsOnTheDevice(string device, string optimizer)
    {
        TableSpec[] tables = [.. Precisions.SelectMany(precision => new[] { 1, 16, 21 }.Select(width => Table($"{precision}/{precision.IsStochastic}/{width}", width) with { Precision = precision }))];
        foreach (int cachedRows in device == "cpu" ? new[] { 1, 60, 300, RowCount } : [RowCount])
        {
            using var whole = new DeviceRowStore(tables, Create(optimizer), Seed, Device.Parse(device));
            using var cached = new DeviceRowStore(tables, Create(optimizer), Seed, Device.Parse(device), _ => cachedRows);
            for (int step = 0; step < 6; step++)
            {
                // Some come as a surprise.
                if (step % 3 != 2)
                    cached.Prefetch(Pair.Batches(tables, step + 1));
                var expected = Pair.Batches(tables, step);
                var found = Pair.Batches(tables, step);
                whole.Gather(expected);
                cached.Gather(found);
                foreach ((var one, var other) in expected.Zip(found))
                    Assert.Equal(one.Values, other.Values);
                whole.Apply(expected);
                cached.Apply(found);
            }

            for (int t = 0; t < tables.Length; t++)
            {
                using var scope = torch.NewDisposeScope();
                var (expected, found) = (whole.TableOf(t).Kept(0, RowCount), cached.TableOf(t).Kept(0, RowCount));
                Assert.Equal(expected.Rows.cpu().Data<byte>(), found.Rows.cpu().Data<byte>());
                Assert.Equal(expected.States.cpu().Data<byte>(), found.States.cpu().Data<byte>());
            }
        }
    }

    // Of two steps with the same rows, the second finds all of them; where slots are for a half, half of the rows are elsewhere in both.
    [Theory]
    [InlineData(200, true, 0.5)]
    [InlineData(200, false, 0.5)]
    [InlineData(100, true, 0.25)]
    [InlineData(100, false, 0.25)]
    public void CacheHitRate_StepsWithTheSameRows_CountsThoseThatWereThere(int cachedRows, bool isPrefetched, double expected)
    {
        using var store = new DeviceRowStore([Table("a", 4), Table("b", 4)], Create("sgd"), Seed, torch.CPU, t => t.Name == "a" ? cachedRows : null);
        Assert.Null(store.CacheHitRate);
        for (int step = 0; step < 2; step++)
        {
            RowBatch[] batches = [new(0, 4), new(1, 4)];
            foreach (var batch in batches)
            {
                batch.Add([.. Enumerable.Range(0, 200).Select(row => (long)row)]);
                batch.ClearGradients();
            }

            if (isPrefetched)
                store.Prefetch(batches);
            store.Apply(batches);
        }

        Assert.Equal(expected, store.CacheHitRate);
    }

    [Fact]
    public void Prefetch_RowBeyondTheTable_IsAnErrorOfTheNextStep()
    {
        TableSpec[] tables = [Table("a", 5)];
        var store = new DeviceRowStore(tables, Create("sgd"), Seed, torch.CPU, _ => 10);
        var batch = new RowBatch(0, 5);
        batch.Add([RowCount]);

        store.Prefetch([batch]);

        Assert.Throws<ArgumentOutOfRangeException>(() => store.Apply(Pair.Batches(tables, 0)));
        store.Dispose();
    }

    [Theory]
    [InlineData("fp32")]
    [InlineData("int4")]
    public void FirstValues_TablesInParts_AreTheBitsOfMemory(string precision)
    {
        TableSpec[] tables = [Table("a", 5) with { Precision = RowPrecision.Parse(precision) }, Table("b", 16)];
        using var memory = new MemoryRowStore(tables, Create("adagrad"), Seed);
        using var rows = new DeviceRows(new DeviceRowStore(tables, Create("adagrad"), Seed, torch.CPU), () => Create("adagrad"));

        var pulled = rows.Pull();

        for (int t = 0; t < tables.Length; t++)
        {
            Assert.Equal(memory.RowTables[t].Rows.Bytes(0, (int)memory.RowTables[t].Rows.ByteCount), pulled.RowTables[t].Rows.Bytes(0, (int)memory.RowTables[t].Rows.ByteCount));
            Assert.Equal(memory.RowTables[t].States.Bytes(0, (int)memory.RowTables[t].States.ByteCount), pulled.RowTables[t].States.Bytes(0, (int)memory.RowTables[t].States.ByteCount));
        }
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0)]
    [InlineData(100)]
    public void ReadAndWrite_AfterAStep_CarryRowsAndState(int? cachedRows)
    {
        TableSpec[] tables = [Table("a", 5), Table("b", 16)];
        using var trained = new Pair(tables, "lazy_adam", "cpu", cachedRows);
        trained.Step(0);
        using var other = new Pair(tables, "lazy_adam", "cpu", cachedRows);
        other.Rows.Store.Apply(Pair.Batches(tables, 3));

        Queue<(byte[] Rows, byte[] States)> parts = [];
        trained.Rows.Read(part => parts.Enqueue((part.Rows.Bytes(0, (int)part.Rows.ByteCount).ToArray(), part.States.Bytes(0, (int)part.States.ByteCount).ToArray())));
        other.Rows.Write(part =>
        {
            (byte[] rows, byte[] states) = parts.Dequeue();
            rows.CopyTo(part.Rows.Bytes(0, rows.Length));
            states.CopyTo(part.States.Bytes(0, states.Length));
        });
        other.Memory.Apply(Pair.Batches(tables, 0));
        other.Rows.Optimizer.StepCount = 1;
        other.Step(1);

        foreach (var table in tables)
            Assert.All(other.Differences(table), difference => Assert.InRange(difference, 0, 2e-6f));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(100)]
    public void PullAndPush_RowsThatAMethodHasChanged_AreThoseOfTheNextStep(int? cachedRows)
    {
        TableSpec[] tables = [Table("a", 5)];
        using var rows = new DeviceRows(new DeviceRowStore(tables, Create("lazy_adam"), Seed, torch.CPU, _ => cachedRows), () => Create("lazy_adam"));
        rows.Store.Apply(Pair.Batches(tables, 3));
        var pulled = rows.Pull();
        pulled.RowTables[0].Row(7).Fill(3);
        pulled.Optimizer.StepCount = 9;
        rows.Push();

        var batch = new RowBatch(0, 5);
        batch.Add([7, 8]);
        rows.Store.Gather([batch]);

        Assert.All(batch.Values[..5].ToArray(), x => Assert.Equal(3, x));
        Assert.Equal(pulled.RowTables[0].Row(8), batch.Values[5..]);
        Assert.Equal(9, rows.Optimizer.StepCount);
    }

    [Fact]
    public void Gather_RowBeyondTheTable_NamesIt()
    {
        using var rows = new DeviceRows(new DeviceRowStore([Table("a", 5)], Create("sgd"), Seed, torch.CPU), () => Create("sgd"));
        var batch = new RowBatch(0, 5);
        batch.Add([RowCount]);

        Assert.Contains("Table 'a' has no such row", Assert.Throws<ArgumentOutOfRangeException>(() => rows.Store.Gather([batch])).Message, StringComparison.Ordinal);
    }

    private static SparseOptimizer Create(string name) => SparseOptimizers.Create(name, new SparseOptimizerOptions { LearningRate = 0.1, L2 = name == "ftrl" ? 0.01 : 0.001 });

    private static TableSpec Table(string name, int width) => new(name, RowCount, width, Initializer.Normal(0.1));

    // The same rows in memory and on a device.
    private sealed class Pair : IDisposable
    {
        private readonly TableSpec[] _tables;

        public Pair(TableSpec[] tables, string optimizer, string device, int? cachedRows = null)
        {
            _tables = tables;
            Memory = new MemoryRowStore(tables, Create(optimizer), Seed);
            Rows = new DeviceRows(new DeviceRowStore(tables, Create(optimizer), Seed, Device.Parse(device), _ => cachedRows), () => Create(optimizer));
        }

        public MemoryRowStore Memory { get; }

        public DeviceRows Rows { get; }

        // Some rows of every table with gradients, which both sides may write to.
        public static RowBatch[] Batches(TableSpec[] tables, int step)
        {
            var random = new Random(step);
            return [.. tables.Select((table, t) =>
            {
                var batch = new RowBatch(t, table.Width);
                batch.Add([.. Enumerable.Range(0, 250).Select(_ => random.NextInt64(table.RowCount))]);
                foreach (ref float x in batch.Gradients)
                    x = random.NextSingle() - 0.5f;
                return batch;
            })];
        }

        public void Step(int step)
        {
            Memory.Apply(Batches(_tables, step));
            Rows.Store.Apply(Batches(_tables, step));
        }

        public float[] Values(TableSpec table) => Values(Rows.Store, table);

        public IEnumerable<float> Differences(TableSpec table)
            => Values(Memory, table).Zip(Values(Rows.Store, table), (a, b) => float.IsFinite(a) && float.IsFinite(b) ? MathF.Abs(a - b) : float.PositiveInfinity);

        public void Dispose()
        {
            Memory.Dispose();
            Rows.Dispose();
        }

        private float[] Values(IRowStore store, TableSpec table)
        {
            var batch = new RowBatch(Array.IndexOf(_tables, table), table.Width);
            batch.Add([.. Enumerable.Range(0, RowCount).Select(row => (long)row)]);
            store.Gather([batch]);
            return batch.Values.ToArray();
        }
    }
}
