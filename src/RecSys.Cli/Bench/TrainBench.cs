using System.Diagnostics;
using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training;
using RecSys.Training.Configuration;
using RecSys.Training.Models;
using RecSys.Training.Rows;

namespace RecSys.Cli.Bench;

/// <summary>
/// Training steps of one model on data drawn in memory: at the shape of the Criteo set, or of a shop with histories for a model that
/// attends to them. The PyTorch twin gets the same samples and first values.
/// </summary>
internal sealed class TrainBench
{
    private const string Config = """
        dataset: {path: synthetic}
        embedding: {dimension: 16}
        sparse_optimizer: {name: adagrad, learning_rate: 0.02, epsilon: 1.0e-8}
        dense_optimizer: {name: adam, learning_rate: 0.001}
        train: {batch_size: 4096, device: cpu}
        """;

    private const int TestBatches = 10;

    private readonly TrainBenchOptions _options;
    private readonly string[] _overrides;
    private readonly SyntheticBatches _source;
    private readonly List<Batch> _train;
    private readonly List<Batch> _test;

    public TrainBench(TrainBenchOptions options, IReadOnlyList<string> overrides)
    {
        _options = options;

        // Sized as in configs/models.
        string shape = options.Model == "din" ? ", hidden_units: [200, 80], attention_hidden_units: [80, 40]" : "";
        _overrides = [$"model={{name: {options.Model}{shape}}}", .. overrides];
        Configuration = Configure("fp32");
        int size = Configuration.Train.BatchSize;
        int trainBatches = options.WarmUpSteps + options.Steps;
        int rowCount = (trainBatches + TestBatches) * size;
        _source = new SyntheticBatches(options.Model switch
        {
            CtrModels.OverCrosses => SyntheticOptions.CrossedFields(rowCount),
            var model when CtrModels.OverHistories.Contains(model) => SyntheticOptions.Shop(rowCount, options.Rows),
            _ => SyntheticOptions.Criteo(rowCount, options.Rows),
        });
        _train = [.. _source.Read(new BatchOptions { BatchSize = size, MaxRows = trainBatches * size })];
        _test = [.. _source.Read(new BatchOptions { BatchSize = size, SkipBatches = trainBatches })];
    }

    /// <summary>The configuration in fp32.</summary>
    public RunConfig Configuration { get; }

    /// <summary>Trains from the first values on, in fresh memory.</summary>
    /// <param name="precision"><c>fp32</c> or <c>bf16</c>.</param>
    public TrainBenchResult Run(string precision)
    {
        var config = Configure(precision);
        using var network = CtrNetwork.Create(config, _source.Schema, device: config.Train.FindDevice());
        using var rows = CreateRows(network, config);
        var clock = new StepClock(TimeProvider.System, _options.WarmUpSteps);
        using var step = new TrainingStep(config, network, rows, clock);
        network.Model.train();
        double losses = 0;
        int firstCounted = Math.Max(0, _train.Count - 50);
        long allocated = 0;

        // Two plans take turns, and the next batch is planned while the current one trains, as with the reader of a data set.
        _train.ForEach(batch => batch.Tag = null);
        network.Plan(_train[0]);
        clock.Start();
        for (int i = 0; i < _train.Count; i++)
        {
            if (i == _options.WarmUpSteps)
                allocated = GC.GetTotalAllocatedBytes(precise: true);

            var next = Task.CompletedTask;
            if (i + 1 < _train.Count)
            {
                var batch = _train[i + 1];
                batch.Tag = i > 0 ? _train[i - 1].Tag : null;
                next = Task.Run(() =>
                {
                    Plan(network, batch, clock);
                    (rows as DeviceRowStore)?.Prefetch(CtrNetwork.RowsOf(batch));
                });
            }

            step.Run(_train[i]);
            next.Wait();
            // The clock starts and ends with nothing under way.
            if (i == _options.WarmUpSteps - 1 || i == firstCounted - 1 || i == _train.Count - 1)
            {
                float sum = step.TakeLosses();
                losses += i >= firstCounted ? sum : 0;
            }
        }

        allocated = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / _options.Steps;
        var quality = Evaluate(network, rows);
        return new TrainBenchResult(clock.SamplesPerSecond, losses / (_train.Count - firstCounted), quality.Auc, quality.LogLoss)
        {
            AllocatedBytesPerStep = allocated,
            StepMilliseconds = RunReport.NamesOf(clock.Milliseconds()),
            TableBytes = network.CountBytes(config.SparseOptimizer.Create(), config.Train.BatchSize).Sum(ledger => ledger.TrainingPeak),
            PeakRssBytes = ProcessMemory.PeakRssBytes(),
        };
    }

    /// <summary>Writes the job of the twin.</summary>
    /// <param name="folder">Job folder.</param>
    /// <returns>Bytes of the embedding rows, without any state of an optimiser.</returns>
    public long WriteJob(string folder)
    {
        using var network = CtrNetwork.Create(Configuration, _source.Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, Configuration.SparseOptimizer.Create(), (ulong)Configuration.Train.Seed);
        var job = new TwinJob(folder, _source.Schema);
        job.WriteDescription(Configuration, (long)_train.Count * Configuration.Train.BatchSize, _options.WarmUpSteps);
        job.WriteInitialValues(network, rows);
        job.WriteSamples("train", _train);
        job.WriteSamples("test", _test);
        return network.Embeddings.Tables.Sum(table => table.RowCount * table.Width * sizeof(float));
    }

    private static void Plan(CtrNetwork network, Batch batch, StepClock clock)
    {
        long began = Stopwatch.GetTimestamp();
        network.Plan(batch);
        clock.Ahead(StepPart.Plan, Stopwatch.GetElapsedTime(began));
    }

    private static IRowStore CreateRows(CtrNetwork network, RunConfig config)
    {
        var tables = network.Embeddings.Tables;
        var placement = new TablePlacement(config, network.Device);
        placement.Require(tables);
        return placement.Rest == TablePlace.Gpu
            ? new DeviceRowStore(tables, config.SparseOptimizer.Create(), (ulong)config.Train.Seed, network.Device, placement.CachedRows)
            : new MemoryRowStore(tables, config.SparseOptimizer.Create(), (ulong)config.Train.Seed);
    }

    private RunConfig Configure(string precision) => RunConfig.Parse(Config, "bench", [.. _overrides, $"train.precision={precision}"]);

    private EvaluationResult Evaluate(CtrNetwork network, IRowReader rows)
    {
        List<float> logits = [];
        List<float> labels = [];
        foreach (var batch in _test)
        {
            batch.Tag = null;
            network.Plan(batch);
        }

        Scorer.Score(network, rows, _test, (batch, scores) =>
        {
            logits.AddRange(scores);
            labels.AddRange(batch.Labels.AsSpan(0, batch.Size));
        });
        return EvaluationResult.Compute(logits.ToArray(), labels.ToArray(), []);
    }
}
