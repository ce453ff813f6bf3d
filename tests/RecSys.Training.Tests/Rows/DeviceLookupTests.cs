using RecSys.Data;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

/// <summary>Training steps with rows on a device against those with rows in this process; the kernels compiled for the processor, and a GPU where there is one.</summary>
[Collection(TinyCollection.Name)]
public sealed class DeviceLookupTests(TinyDataset data)
{
    private const int Steps = 100;
    private const ulong Seed = 3;

    private static string[] Devices => torch.cuda_is_available() ? ["cpu", "cuda"] : ["cpu"];

    public static TheoryData<string, string, string, string> Cases => CasesOf(
        EmbeddingMethods.All.Select(m => (m.Name, "row_wise_adagrad")).Concat(SparseOptimizers.Names.Select(o => ("full", o))).Concat(SparseOptimizers.Names.Select(o => ("unified", o))).Distinct());

    public static TheoryData<string, string, string, string> AllCases => CasesOf(
        from method in EmbeddingMethods.All
        from optimizer in SparseOptimizers.Names
        select (method.Name, optimizer));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Steps_SomeMethodsAndOptimizers_HaveTheLossesAndRowsOfMemory(string device, string method, string optimizer, string model) => AssertSame(device, method, optimizer, model);

    [Theory]
    [Trait("Category", "Long")]
    [MemberData(nameof(AllCases))]
    public void Steps_AllMethodsAndOptimizers_HaveTheLossesAndRowsOfMemory(string device, string method, string optimizer, string model) => AssertSame(device, method, optimizer, model);

    // Without a cache, with one that is too small for a mini-batch, and with one that is not.
    [Theory]
    [InlineData("full", 0)]
    [InlineData("full", 3)]
    [InlineData("full", 60)]
    [InlineData("unified", 0)]
    [InlineData("unified", 3)]
    [InlineData("unified", 60)]
    public void Steps_SomeTablesOnTheHost_HaveTheLossesAndRowsOfMemory(string method, int cachedRows)
    {
        foreach (string device in Devices)
            AssertSame(device, method, "lazy_adam", "din", t => t.Name.Contains("item", StringComparison.Ordinal) || t.Name.StartsWith("linear", StringComparison.Ordinal) ? cachedRows : null);
    }

    // The same samples in each step: what differs is the order in which gradients are added up. Dice would take the statistics of half a mini-batch.
    [Theory]
    [InlineData("full", "deepfm")]
    [InlineData("unified", "din, activation: relu")]
    [InlineData("qr", "deepfm")]
    [InlineData("tt_rec", "din, activation: relu")]
    public void Steps_TwoWorkers_HaveTheRowsOfOneWithTwiceTheBatch(string method, string model)
    {
        const int WorkerSteps = 10;
        var config = ConfigOf(method, "row_wise_adagrad", model);
        using var one = new Side(config, data.Open().Schema, torch.CPU, onDevice: false, null);
        foreach (var batch in data.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 256 }).Take(WorkerSteps))
            one.Step(batch);

        var two = Ranks.Run(2, group =>
        {
            var workers = new WorkerGroup(group);
            using var side = new Side(config, data.Open().Schema, workers);
            foreach (var batch in data.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 128, WorkerCount = 2, Worker = group.Rank }).Take(WorkerSteps))
                side.Step(batch);
            List<float[]> rows = [];
            side.Lead(phase => phase.Read(part => rows.Add([.. Enumerable.Range(0, (int)part.Spec.RowCount).SelectMany(r => part.Row(r).ToArray())])));
            return rows;
        })[0];

        Assert.Equal(one.Rows.RowTables.Count, two.Count);
        foreach ((int number, var table) in one.Rows.RowTables.Index())
        {
            for (int row = 0; row < table.Spec.RowCount; row++)
                AssertNear(table.Row(row), two[number].AsSpan(row * table.Spec.Width, table.Spec.Width), table.Spec.Name, row);
        }
    }

    private RunConfig ConfigOf(string method, string optimizer, string model) => RunConfigs.Create(
        data, $"model={{name: {model}, hidden_units: [16, 8]}}", $"sparse_optimizer={{name: {optimizer}, learning_rate: 0.01}}",
        $"embedding.method={{name: {method}{(method == "full" ? "" : ", budget: 0.6")}}}");

    private static TheoryData<string, string, string, string> CasesOf(IEnumerable<(string Method, string Optimizer)> cases)
    {
        var result = new TheoryData<string, string, string, string>();
        foreach (string device in Devices)
        {
            // DeepFM takes the mean of the history, DIN the behaviours one by one.
            foreach ((int number, (string method, string optimizer)) in cases.Index())
                result.Add(device, method, optimizer, number % 2 == 0 ? "deepfm" : DinFor(method));
        }

        return result;
    }

    // Growing tables begin with one row for all ids of a field. Dice divides by the standard deviation, and so turns what rounding leaves of equal
    // numbers into numbers of their own: with rows in memory on both sides, but a unit in the last place apart, losses differ by 2e-3 after 100 steps.
    private static string DinFor(string method) => method == "growing" ? "din, activation: relu" : "din";

    private void AssertSame(string device, string method, string optimizer, string model, Func<TableSpec, int?>? cachedRows = null)
    {
        var config = ConfigOf(method, optimizer, model);
        Batch[] batches = [.. data.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 256 }).Take(16)];
        using var expected = new Side(config, data.Open().Schema, torch.CPU, onDevice: false, null);
        using var found = new Side(config, data.Open().Schema, Device.Parse(device), onDevice: true, cachedRows);

        for (int step = 0; step < Steps; step++)
        {
            float loss = expected.Step(batches[step % batches.Length]);
            float other = found.Step(batches[step % batches.Length]);
            Assert.True(MathF.Abs(loss - other) <= 1e-3f, $"step {step}: {loss} and {other}");
            if (step > 0)
                continue;
            foreach ((int number, var table) in expected.Rows.RowTables.Index())
            {
                var (first, second) = (table, found.Rows.RowTables[number]);
                for (long row = 0; row < table.Spec.RowCount; row++)
                    AssertNear(first.Row(row), second.Row(row), table.Spec.Name, row);
            }
        }
    }

    private static void AssertNear(ReadOnlySpan<float> expected, ReadOnlySpan<float> found, string table, long row)
    {
        for (int j = 0; j < expected.Length; j++)
            Assert.True(MathF.Abs(expected[j] - found[j]) <= 1e-5f * Math.Max(1, MathF.Abs(expected[j])), $"{table}, row {row}, number {j}: {expected[j]} and {found[j]}");
    }

    private sealed class Side : IDisposable
    {
        private static readonly Lock s_random = new();

        private readonly CtrNetwork _network;
        private readonly PhaseRows _rows;
        private readonly TrainingStep _step;

        public Side(RunConfig config, DataSchema schema, Device device, bool onDevice, Func<TableSpec, int?>? cachedRows)
        {
            _network = CtrNetwork.Create(config, schema, device: device);
            var tables = _network.Embeddings.Tables;
            _rows = onDevice
                ? new DeviceRows(new DeviceRowStore(tables, config.SparseOptimizer.Create(), Seed, device, cachedRows), config.SparseOptimizer.Create)
                : new LocalRows(new MemoryRowStore(tables, config.SparseOptimizer.Create(), Seed));
            _step = new TrainingStep(config, _network, _rows.Store, new StepClock(TimeProvider.System));
        }

        public Side(RunConfig config, DataSchema schema, WorkerGroup workers)
        {
            // Threads have one generator of random numbers, processes one each.
            lock (s_random)
                _network = CtrNetwork.Create(config, schema, device: torch.CPU);
            _rows = new ExchangedRows(new ExchangedRowStore(workers.Processes!, _network.Embeddings.Tables, config.SparseOptimizer.Create(), Seed, torch.CPU), workers);
            _step = new TrainingStep(config, _network, _rows.Store, new StepClock(TimeProvider.System), workers);
        }

        public MemoryRowStore Rows => _rows.Pull();

        public float Step(Batch batch)
        {
            batch.Tag = null;
            _network.Plan(batch);
            _step.Run(batch);
            return _step.TakeLosses();
        }

        public void Lead(Action<PhaseRows> work) => _rows.Lead(() => work(_rows));

        public void Dispose()
        {
            _step.Dispose();
            _rows.Dispose();
            _network.Dispose();
        }
    }
}
