using System.Diagnostics;
using RecSys.Cluster;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;
using RecSys.Training.Rows;

namespace RecSys.Training;

/// <summary>
/// Trains a CTR network: epochs over the training split, validation after each, early stopping on validation, checkpoints,
/// and at most one look at the test split, at the end, with the best checkpoint.
/// </summary>
/// <remarks>
/// Two runs with the same configuration, seed and number of threads give the same numbers, and so does a run that was
/// interrupted and resumed. Not thread-safe.
/// </remarks>
public sealed partial class Trainer : IDisposable
{
    private const int ScoredRows = 1 << 16;

    // Steps that a GPU is given before anybody waits for it.
    private const int StepsAhead = 16;

    private readonly RunConfig _config;
    private readonly PreparedDataset _data;
    private readonly string _directory;
    private readonly CheckpointStore _checkpoints;
    private readonly IReadOnlyList<IShardNode> _connected;
    private readonly RunRows _rows;
    private readonly WorkerGroup _workers;
    private readonly IdCounts? _counts;
    private readonly StepClock _clock = new(TimeProvider.System);
    private TrainingPhase _phase;
    private TrainingState _state = new();
    private int _stepsWithoutLoss;

    /// <summary>Creates the network, its tables and optimisers.</summary>
    /// <param name="config">The run's configuration.</param>
    /// <param name="data">The data set.</param>
    /// <param name="directory">The run's folder, for checkpoints and <c>metrics.jsonl</c>.</param>
    /// <param name="nodes">Nodes that hold the rows, which belong to the caller; null takes those of the configuration.</param>
    /// <param name="workers">Who trains it together, on the same folder; null for this process alone.</param>
    /// <exception cref="ConfigException">A setting is wrong.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public Trainer(RunConfig config, PreparedDataset data, string directory, IReadOnlyList<IShardNode>? nodes = null, WorkerGroup? workers = null)
    {
        _workers = workers ?? new WorkerGroup();
        _connected = nodes is null ? config.Cluster.Connect() : [];
        _rows = new RunRows(config, nodes ?? _connected, directory, _workers);
        _config = config;
        _data = data;
        _directory = directory;
        _counts = config.SparseOptimizer.BatchAwareL2 > 0 ? IdCounts.Of(data) : null;
        _phase = new TrainingPhase(config, data.Schema, _clock, _rows, _workers, _counts);
        _checkpoints = new CheckpointStore(directory);
    }

    /// <summary>The network under training.</summary>
    public CtrNetwork Network => _phase.Network;

    /// <summary>Its embedding rows.</summary>
    public IRowStore Rows => _phase.Rows.Store;

    /// <summary>Memory of the embeddings.</summary>
    public EmbeddingBytes Bytes => _phase.Bytes.After(_state.PeakBytes, _state.PeakDiskBytes);

    /// <summary>Called after every step and after every evaluation, on the training thread.</summary>
    public Action<TrainingProgress>? Progress { get; set; }

    /// <summary>Trains to the end and evaluates the best checkpoint.</summary>
    /// <param name="resume">Continues from the newest checkpoint of the run's folder, if there is one.</param>
    /// <param name="test">Evaluates it on the test split too; a run that others are still chosen from leaves that unread.</param>
    /// <exception cref="CheckpointException">The checkpoint to resume from is damaged or belongs to another configuration.</exception>
    public TrainingResult Run(bool resume = false, bool test = true)
    {
        var current = resume ? _checkpoints.ReadCurrent() : null;
        if (current is not null)
            Restore(current.Latest);
        using var log = _workers.IsLeader ? new MetricsLog(_directory, _state.Step) : null;

        RunPhase(log);
        while (!_phase.IsLast)
        {
            StartNextPhase(log);
            RunPhase(log);
        }

        var last = _checkpoints.ReadCurrent()!;
        Restore(last.ToServe);
        var validation = Evaluate(DataSplit.Validation);
        var tested = test ? Evaluate(DataSplit.Test) : null;
        var result = new TrainingResult(
            tested, validation, _state.Step, last.Latest, SamplesPerSecond,
            _data.RowCount(DataSplit.Train) / SamplesPerSecond, _clock.Milliseconds(), _phase.Rows.CacheHitRate, Bytes, Network.Decisions, ProcessMemory.PeakRssBytes());
        if (tested is not null)
            log?.Write("test", last.Latest, tested);
        if (_config.Cluster.KeepRows)
            _phase.Rows.Keep();
        return result;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _phase.Dispose();
        foreach (var node in _connected)
            node.Dispose();
    }

    private void RunPhase(MetricsLog? log)
    {
        while (!_state.Finished)
            RunEpoch(log);
    }

    // The next phase begins with the best rows of this one, and with a checkpoint of its own.
    private void StartNextPhase(MetricsLog? log)
    {
        long done = _state.Step;
        Restore(_checkpoints.ReadCurrent()!.ToServe);
        var next = _phase.Next(_state.Step - _state.PhaseStart, Score);
        var peak = Bytes;
        _phase.Dispose();
        _phase = next;
        _state = new TrainingState { Phase = _state.Phase + 1, Step = done + 1, PhaseStart = done + 1, PeakBytes = peak.Training, PeakDiskBytes = peak.Disk, Finished = next.Epochs == 0 };
        var validation = Evaluate(DataSplit.Validation);
        log?.Write(next.Name ?? "phase", _state.Step, validation);
        if (_state.Finished)
            _state = _state with { BestStep = _state.Step, BestMetric = validation.Goodness(_config.Train.Metric) };
        Save();
    }

    // Methods may lay out their tables anew between two epochs. The checkpoint at the end of an epoch has the tables that were
    // evaluated, so a run that goes on from there comes by here as well.
    private void BeginEpoch()
    {
        if (_state.StepInEpoch > 0 || _phase.BeforeEpoch(_state.Epoch, _state.Step - _state.PhaseStart, StepCount) is not { } next)
            return;
        _state = _state with { PeakBytes = Bytes.Training };
        _phase.Dispose();
        _phase = next;
    }

    // A method compares many tables by it, so a part of the split has to do. It changes the tables that are in this process.
    private double Score() => Scorer.Evaluate(Network, _phase.Rows.Local, _data, DataSplit.Validation, _config.Train.BatchSize, ScoredRows).Goodness(_config.Train.Metric);

    // The others have nothing to do meanwhile, and then know the numbers too.
    private EvaluationResult Evaluate(DataSplit split)
    {
        EvaluationResult? own = null;
        _phase.Rows.Lead(() => own = Scorer.Evaluate(Network, Rows, _data, split, _config.Train.BatchSize));
        return _workers.Share(own);
    }

    private void RunEpoch(MetricsLog? log)
    {
        BeginEpoch();
        var train = _config.Train;
        var options = new BatchOptions
        {
            BatchSize = train.BatchSize,
            Shuffle = true,
            Seed = train.Seed,
            Epoch = _state.Epoch,
            SkipBatches = _state.StepInEpoch,
            OnBatch = _phase.PlansAhead ? Plan : null,
            Worker = _workers.Rank,
            WorkerCount = _workers.Count,
        };
        bool lastStep = false;
        using var validation = _phase.LearnsFromValidation ? ValidationBatches().GetEnumerator() : null;
        Network.Model.train();
        _clock.Start();
        foreach (var batch in Ahead(_data.Read(DataSplit.Train, options)))
        {
            using (batch)
                lastStep = Train(batch, validation);
            if (lastStep)
                break;
            if (train.CheckpointEverySteps > 0 && _state.Step % train.CheckpointEverySteps == 0)
            {
                TakeLosses();
                Save();
                _clock.Start();
            }
        }

        TakeLosses();
        EndEpoch(log, lastStep);
    }

    // Mini-batches whose rows are on their way while those before them are at work.
    private IEnumerable<Batch> Ahead(IEnumerable<Batch> batches)
    {
        Queue<Batch> ahead = [];
        try
        {
            foreach (var batch in batches)
            {
                if (_phase.Rows.Lookahead > 0 && _phase.PlansAhead)
                    _phase.Rows.Prefetch(CtrNetwork.RowsOf(batch));
                ahead.Enqueue(batch);
                if (ahead.Count > _phase.Rows.Lookahead)
                    yield return ahead.Dequeue();
            }

            while (ahead.TryDequeue(out var batch))
                yield return batch;
        }
        finally
        {
            _phase.Rows.Settle();
            foreach (var batch in ahead)
                batch.Dispose();
        }
    }

    private void LearnFromValidation(IEnumerator<Batch> batches, long step)
    {
        batches.MoveNext();
        using var batch = batches.Current;
        _phase.LearnFromValidation(batch, step, StepCount);
    }

    // The validation split over and over, in an order of its own each time; from where an interrupted epoch was left.
    private IEnumerable<Batch> ValidationBatches()
    {
        long perPass = (_data.RowCount(DataSplit.Validation) + _config.Train.BatchSize - 1) / _config.Train.BatchSize;
        for (long pass = _state.StepInEpoch / perPass, skip = _state.StepInEpoch % perPass; ; pass++, skip = 0)
        {
            var options = new BatchOptions
            {
                BatchSize = _config.Train.BatchSize,
                Shuffle = true,
                Seed = _config.Train.Seed,
                Epoch = checked((int)((_state.Epoch * StepCount) + pass)),
                SkipBatches = skip,
                OnBatch = Network.Plan,
            };
            foreach (var batch in _data.Read(DataSplit.Validation, options))
                yield return batch;
        }
    }

    // Of all workers: they go in step.
    private double SamplesPerSecond => _clock.SamplesPerSecond * _workers.Count;

    private long StepCount
    {
        get
        {
            long steps = _phase.Epochs * _data.BatchCount(DataSplit.Train, new BatchOptions { BatchSize = _config.Train.BatchSize, WorkerCount = _workers.Count });
            return _config.Train.MaxSteps > 0 ? Math.Min(steps, _config.Train.MaxSteps) : steps;
        }
    }

    private void Plan(Batch batch)
    {
        long started = Stopwatch.GetTimestamp();
        Network.Plan(batch);
        _clock.Ahead(StepPart.Plan, Stopwatch.GetElapsedTime(started));
        _clock.Ahead(StepPart.Read, batch.ReadTime);
    }

    // True after the last step of the phase.
    private bool Train(Batch batch, IEnumerator<Batch>? validation)
    {
        if (!_phase.PlansAhead)
            Plan(batch);
        _phase.BeforeStep(_state.Step - _state.PhaseStart + 1, StepCount);
        _phase.Step.Run(batch);
        _state = _state with { Step = _state.Step + 1, StepInEpoch = _state.StepInEpoch + 1 };
        if (++_stepsWithoutLoss >= StepsAhead || Network.Device.Type == DeviceType.CPU)
            TakeLosses();
        Report(null);
        long step = _state.Step - _state.PhaseStart;
        if (validation is not null)
            LearnFromValidation(validation, step);
        return _phase.AfterStep(batch, step, StepCount) || (_config.Train.MaxSteps > 0 && step >= _config.Train.MaxSteps);
    }

    private void TakeLosses()
    {
        if (_stepsWithoutLoss == 0)
            return;
        _state = _state with { LossSum = _state.LossSum + _phase.Step.TakeLosses() };
        _stepsWithoutLoss = 0;
    }

    private void EndEpoch(MetricsLog? log, bool lastStep)
    {
        var validation = Evaluate(DataSplit.Validation);
        double goodness = validation.Goodness(_config.Train.Metric);
        bool better = _phase.RunsToEnd || _state.BestStep < 0 || goodness > _state.BestMetric;
        Report(validation);
        log?.Write("epoch", _state.Step, validation, _state.LossSum / Math.Max(1, _state.StepInEpoch), SamplesPerSecond);
        int withoutGain = better ? 0 : _state.EvaluationsWithoutGain + 1;
        _state = _state with
        {
            Epoch = _state.Epoch + 1,
            StepInEpoch = 0,
            LossSum = 0,
            BestStep = better ? _state.Step : _state.BestStep,
            BestMetric = better ? goodness : _state.BestMetric,
            EvaluationsWithoutGain = withoutGain,
            Finished = lastStep || _state.Epoch + 1 >= _phase.Epochs || withoutGain >= _config.Train.Patience,
        };
        Save();
    }

    private void Report(EvaluationResult? validation) => Progress?.Invoke(new TrainingProgress(
        _state.Epoch + 1,
        _phase.Epochs,
        _state.Step,
        Math.Min(_state.StepInEpoch * _config.Train.BatchSize * _workers.Count, _data.RowCount(DataSplit.Train)),
        _data.RowCount(DataSplit.Train),
        SamplesPerSecond,
        _state.LossSum / Math.Max(1, _state.StepInEpoch - _stepsWithoutLoss),
        validation));
}
