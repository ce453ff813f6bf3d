using RecSys.Data;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Cli.Bench;

/// <summary>The same training steps with everything on a device and with everything on the processor.</summary>
/// <param name="device">The device.</param>
internal sealed class DeviceParity(Device device)
{
    private const int Steps = 100;
    private const int BatchSize = 256;
    private const string Config = """
        dataset: {path: synthetic}
        model: {name: din, hidden_units: [32, 16], attention_hidden_units: [16, 8]}
        embedding: {dimension: 8}
        dense_optimizer: {name: adam, learning_rate: 0.001}
        train: {batch_size: 256, device: cpu}
        """;

    /// <summary>Differences that are allowed: of the loss of a step, and of a number of a row after the first step.</summary>
    public static (double Loss, double Row) Allowed => (1e-3, 1e-5);

    /// <summary>Trains every method with every sparse optimiser.</summary>
    /// <param name="report">Receives each result at once.</param>
    public void Run(Action<DeviceParityResult> report)
    {
        var source = new SyntheticBatches(SyntheticOptions.Shop(BatchSize * 16, 2000));
        Batch[] batches = [.. source.Read(new BatchOptions { BatchSize = BatchSize })];
        foreach (var method in EmbeddingMethods.All)
        {
            foreach (string optimizer in SparseOptimizers.Names)
                report(Compare(source.Schema, batches, method, optimizer));
        }
    }

    private DeviceParityResult Compare(DataSchema schema, Batch[] batches, EmbeddingMethod method, string optimizer)
    {
        string budget = method.Name == "full" ? "" : ", budget: 0.6";
        // Adam's steps have the size of its rate however small gradients are, and so carry differences of rounding farther.
        string rate = optimizer == "lazy_adam" ? "0.001" : "0.01";
        // Growing tables begin with one row for all ids of a field, and Dice divides by what rounding leaves of the deviation of equal numbers.
        string activation = method.Name == "growing" ? "relu" : "dice";
        var config = RunConfig.Parse(Config, "parity", [$"embedding.method={{name: {method.Name}{budget}}}", $"sparse_optimizer={{name: {optimizer}, learning_rate: {rate}}}", $"model.activation={activation}"]);
        using var expected = new Side(config, schema, torch.CPU, onDevice: false);
        using var found = new Side(config, schema, device, onDevice: true);
        double loss = 0;
        double row = 0;
        for (int step = 0; step < Steps; step++)
        {
            var batch = batches[step % batches.Length];
            loss = Math.Max(loss, Math.Abs(expected.Step(batch) - found.Step(batch)));
            if (step == 0)
                row = expected.Rows().Zip(found.Rows(), (a, b) => (double)MathF.Abs(a - b) / Math.Max(1, MathF.Abs(a))).Max();
        }

        return new DeviceParityResult(method.Name, optimizer, loss, row, loss <= Allowed.Loss && row <= Allowed.Row);
    }

    private sealed class Side : IDisposable
    {
        private readonly CtrNetwork _network;
        private readonly IRowStore _rows;
        private readonly TrainingStep _step;

        public Side(RunConfig config, DataSchema schema, Device device, bool onDevice)
        {
            _network = CtrNetwork.Create(config, schema, device: device);
            var tables = _network.Embeddings.Tables;
            _rows = onDevice ? new DeviceRowStore(tables, config.SparseOptimizer.Create(), 1, device) : new MemoryRowStore(tables, config.SparseOptimizer.Create(), 1);
            _step = new TrainingStep(config, _network, _rows, new StepClock(TimeProvider.System));
        }

        public float Step(Batch batch)
        {
            batch.Tag = null;
            _network.Plan(batch);
            _step.Run(batch);
            return _step.TakeLosses();
        }

        public float[] Rows() => [.. _rows.Tables.Index().SelectMany(t =>
        {
            var batch = new RowBatch(t.Index, t.Item.Width);
            batch.Add([.. Enumerable.Range(0, (int)t.Item.RowCount).Select(row => (long)row)]);
            _rows.Gather([batch]);
            return batch.Values.ToArray();
        })];

        public void Dispose()
        {
            _step.Dispose();
            _rows.Dispose();
            _network.Dispose();
        }
    }
}
