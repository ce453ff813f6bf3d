using System.Diagnostics;
using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Bench;

/// <summary>
/// Training speed at the shape of the Criteo set, ours against the PyTorch twin: the same samples, first values and optimisers,
/// measured in turn, each in fresh memory.
/// </summary>
internal sealed class TrainBench
{
    private const string Config = """
        dataset: {path: synthetic}
        model: {name: deepfm, hidden_units: [400, 400, 400]}
        embedding: {dimension: 16}
        sparse_optimizer: {name: adagrad, learning_rate: 0.02, epsilon: 1.0e-8}
        dense_optimizer: {name: adam, learning_rate: 0.001}
        train: {batch_size: 4096}
        """;

    private const int TestBatches = 10;
    private readonly TrainBenchOptions _options;
    private readonly RunConfig _config;
    private readonly SyntheticBatches _source;
    private readonly List<Batch> _train;
    private readonly List<Batch> _test;

    public TrainBench(TrainBenchOptions options, IReadOnlyList<string> overrides)
    {
        _options = options;
        _config = RunConfig.Parse(Config, "bench", overrides);
        int size = _config.Train.BatchSize;
        int trainBatches = options.WarmUpSteps + options.Steps;
        _source = new SyntheticBatches(SyntheticOptions.Criteo((trainBatches + TestBatches) * size, options.Rows));
        _train = [.. _source.Read(new BatchOptions { BatchSize = size, MaxRows = trainBatches * size })];
        _test = [.. _source.Read(new BatchOptions { BatchSize = size, SkipBatches = trainBatches })];
    }

    /// <summary>Our training steps.</summary>
    public TrainBenchResult Run()
    {
        using var network = CtrNetwork.Create(_config, _source.Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, _config.SparseOptimizer.Create(), (ulong)_config.Train.Seed);
        var clock = new StepClock(TimeProvider.System, _options.WarmUpSteps);
        using var step = new TrainingStep(_config, network, rows, clock);
        network.Model.train();
        double loss = 0;
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
                next = Task.Run(() => Plan(network, batch, clock));
            }

            float current = step.Run(_train[i]);
            loss += i >= _train.Count - 50 ? current : 0;
            next.Wait();
        }

        allocated = (GC.GetTotalAllocatedBytes(precise: true) - allocated) / _options.Steps;
        var quality = Evaluate(network, rows);
        return new TrainBenchResult(
            clock.SamplesPerSecond, loss / Math.Min(50, _train.Count), quality.Auc, quality.LogLoss, allocated, RunReport.NamesOf(clock.Milliseconds()));
    }

    /// <summary>Writes the job of the twin.</summary>
    /// <param name="folder">Job folder.</param>
    public void WriteJob(string folder)
    {
        using var network = CtrNetwork.Create(_config, _source.Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, _config.SparseOptimizer.Create(), (ulong)_config.Train.Seed);
        var job = new TwinJob(folder, _source.Schema);
        job.WriteDescription(_config, (long)_train.Count * _config.Train.BatchSize, _options.WarmUpSteps);
        job.WriteInitialValues(network, rows);
        job.WriteSamples("train", _train);
        job.WriteSamples("test", _test);
    }

    /// <summary>The twin's training steps.</summary>
    /// <param name="folder">Job folder.</param>
    public static TrainBenchResult RunTwin(string folder)
    {
        var result = PyTorchTwin.Run("train", folder);
        return new TrainBenchResult(
            result.GetProperty("samples_per_second").GetDouble(),
            result.GetProperty("train_loss").GetDouble(),
            result.GetProperty("auc").GetDouble(),
            result.GetProperty("logloss").GetDouble(),
            0,
            new Dictionary<string, double>());
    }

    private static void Plan(CtrNetwork network, Batch batch, StepClock clock)
    {
        long began = Stopwatch.GetTimestamp();
        network.Plan(batch);
        clock.Ahead(StepPart.Plan, Stopwatch.GetElapsedTime(began));
    }

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
