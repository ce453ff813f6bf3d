using System.Diagnostics;
using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>
/// Trains a CTR network: epochs over the training split, validation after each, early stopping on validation, checkpoints,
/// and one look at the test split at the end, with the best checkpoint.
/// </summary>
/// <remarks>
/// Two runs with the same configuration, seed and number of threads give the same numbers, and so does a run that was
/// interrupted and resumed. Not thread-safe.
/// </remarks>
public sealed partial class Trainer : IDisposable
{
    private readonly RunConfig _config;
    private readonly PreparedDataset _data;
    private readonly string _directory;
    private readonly CtrNetwork _network;
    private readonly MemoryRowStore _rows;
    private readonly TrainingStep _step;
    private readonly CheckpointStore _checkpoints;
    private readonly StepClock _clock = new(TimeProvider.System);
    private TrainingState _state = new();

    /// <summary>Creates the network, its tables and optimisers.</summary>
    /// <param name="config">The run's configuration.</param>
    /// <param name="data">The data set.</param>
    /// <param name="directory">The run's folder, for checkpoints and <c>metrics.jsonl</c>.</param>
    public Trainer(RunConfig config, PreparedDataset data, string directory)
    {
        _config = config;
        _data = data;
        _directory = directory;
        _network = CtrNetwork.Create(config, data.Schema);
        var sparse = config.SparseOptimizer.Create();
        _rows = new MemoryRowStore(_network.Embeddings.Tables, sparse, (ulong)config.Train.Seed);
        _step = new TrainingStep(config, _network, _rows, _clock);
        _checkpoints = new CheckpointStore(directory);
        Bytes = EmbeddingBytes.Of(_network.CountBytes(sparse, config.Train.BatchSize), EmbeddingLayout.FullByteCount(data.Schema, _network.Model.Sets));
    }

    /// <summary>The network under training.</summary>
    public CtrNetwork Network => _network;

    /// <summary>Its embedding rows.</summary>
    public MemoryRowStore Rows => _rows;

    /// <summary>Memory of the embeddings.</summary>
    public EmbeddingBytes Bytes { get; }

    /// <summary>Called after every step and after every evaluation, on the training thread.</summary>
    public Action<TrainingProgress>? Progress { get; set; }

    /// <summary>Trains to the end and evaluates the best checkpoint on the test split.</summary>
    /// <param name="resume">Continues from the newest checkpoint of the run's folder, if there is one.</param>
    /// <exception cref="CheckpointException">The checkpoint to resume from is damaged or belongs to another configuration.</exception>
    public TrainingResult Run(bool resume = false)
    {
        var current = resume ? _checkpoints.ReadCurrent() : null;
        if (current is not null)
            Restore(current.Latest);
        using var log = new MetricsLog(_directory, _state.Step);

        while (!_state.Finished)
            RunEpoch(log);

        var last = _checkpoints.ReadCurrent()!;
        Restore(last.ToServe);
        var validation = Evaluate(DataSplit.Validation);
        var test = Evaluate(DataSplit.Test);
        var result = new TrainingResult(
            test, validation, _state.Step, last.Latest, _clock.SamplesPerSecond,
            _data.RowCount(DataSplit.Train) / _clock.SamplesPerSecond, _clock.Milliseconds(), Bytes, ProcessMemory.PeakRssBytes());
        log.Write("test", last.Latest, test);
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _step.Dispose();
        _rows.Dispose();
        _network.Dispose();
    }

    private EvaluationResult Evaluate(DataSplit split) => Scorer.Evaluate(_network, _rows, _data, split, _config.Train.BatchSize);

    private void RunEpoch(MetricsLog log)
    {
        var train = _config.Train;
        var options = new BatchOptions
        {
            BatchSize = train.BatchSize,
            Shuffle = true,
            Seed = train.Seed,
            Epoch = _state.Epoch,
            SkipBatches = _state.StepInEpoch,
            OnBatch = Plan,
        };
        bool lastStep = false;
        _network.Model.train();
        _clock.Start();
        foreach (var batch in _data.Read(DataSplit.Train, options))
        {
            using (batch)
                Train(batch);
            lastStep = train.MaxSteps > 0 && _state.Step >= train.MaxSteps;
            if (lastStep)
                break;
            if (train.CheckpointEverySteps > 0 && _state.Step % train.CheckpointEverySteps == 0)
            {
                Save();
                _clock.Start();
            }
        }

        EndEpoch(log, lastStep);
    }

    private void Plan(Batch batch)
    {
        long started = Stopwatch.GetTimestamp();
        _network.Plan(batch);
        _clock.Ahead(StepPart.Plan, Stopwatch.GetElapsedTime(started));
        _clock.Ahead(StepPart.Read, batch.ReadTime);
    }

    private void Train(Batch batch)
    {
        float loss = _step.Run(batch);
        _state = _state with
        {
            Step = _state.Step + 1,
            StepInEpoch = _state.StepInEpoch + 1,
            LossSum = _state.LossSum + loss,
        };
        Report(null);
    }

    private void EndEpoch(MetricsLog log, bool lastStep)
    {
        var validation = Evaluate(DataSplit.Validation);
        double goodness = validation.Goodness(_config.Train.Metric);
        bool better = _state.BestStep < 0 || goodness > _state.BestMetric;
        Report(validation);
        log.Write("epoch", _state.Step, validation, _state.LossSum / Math.Max(1, _state.StepInEpoch), _clock.SamplesPerSecond);
        int withoutGain = better ? 0 : _state.EvaluationsWithoutGain + 1;
        _state = _state with
        {
            Epoch = _state.Epoch + 1,
            StepInEpoch = 0,
            LossSum = 0,
            BestStep = better ? _state.Step : _state.BestStep,
            BestMetric = better ? goodness : _state.BestMetric,
            EvaluationsWithoutGain = withoutGain,
            Finished = lastStep || _state.Epoch + 1 >= _config.Train.Epochs || withoutGain >= _config.Train.Patience,
        };
        Save();
    }

    private void Report(EvaluationResult? validation) => Progress?.Invoke(new TrainingProgress(
        _state.Epoch + 1,
        _config.Train.Epochs,
        _state.Step,
        Math.Min(_state.StepInEpoch * _config.Train.BatchSize, _data.RowCount(DataSplit.Train)),
        _data.RowCount(DataSplit.Train),
        _clock.SamplesPerSecond,
        _state.LossSum / Math.Max(1, _state.StepInEpoch),
        validation));
}
