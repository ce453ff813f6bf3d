using RecSys.Cli.Reports;
using RecSys.Torch;

namespace RecSys.Cli.Bench;

/// <summary>
/// Rounds of a training benchmark: each round measures this project in every precision, then PyTorch with every optimiser, with the
/// settings used here and as installed.
/// </summary>
internal sealed class TrainComparison
{
    // Adam over whole tables is given this many times the time of the job's own optimiser, and this many times the tables' memory:
    // rows, gradients, two moments and temporaries.
    private const double DenseTimeFactor = 5;
    private const double DenseMemoryFactor = 8;

    private readonly TrainBenchOptions _options;
    private readonly TrainBench _bench;
    private readonly Device _device;
    private readonly string _twinOptimizer;
    private readonly Dictionary<string, List<TrainBenchResult>> _ours;
    private readonly Dictionary<TwinVariant, List<TrainBenchResult>> _twins = [];
    private readonly Dictionary<string, string> _leftOut = [];

    /// <summary>Draws the data.</summary>
    /// <param name="options">What is measured.</param>
    /// <param name="precisions">Precisions of this project; the twin computes in fp32.</param>
    /// <param name="overrides">Settings put on top of the benchmark's.</param>
    public TrainComparison(TrainBenchOptions options, IReadOnlyList<string> precisions, IReadOnlyList<string> overrides)
    {
        _options = options;
        _bench = new TrainBench(options, overrides);
        _device = _bench.Configuration.Train.FindDevice();
        _twinOptimizer = _bench.Configuration.SparseOptimizer.Name;
        _ours = precisions.Distinct().ToDictionary(precision => precision, _ => new List<TrainBenchResult>());
    }

    /// <summary>Told of every measurement: name of the side, what was measured.</summary>
    public Action<string, object>? OnMeasurement { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="againstTwin">False measures this project alone.</param>
    /// <returns>One line a precision.</returns>
    public IReadOnlyList<TrainBenchLine> Run(bool againstTwin)
    {
        string folder = Directory.CreateTempSubdirectory("recsys-bench-").FullName;
        try
        {
            if (againstTwin)
                PrepareTwin(folder);
            for (int round = 0; round < _options.Rounds; round++)
            {
                foreach ((string precision, var results) in _ours)
                {
                    results.Add(_bench.Run(precision));
                    var result = results[^1];
                    OnMeasurement?.Invoke("recsys", new { _options.Model, _options.Rows, precision, result.SamplesPerSecond, result.Logloss, result.Auc, result.TrainLoss, result.AllocatedBytesPerStep, result.StepMilliseconds, result.TableBytes, result.PeakRssBytes });
                }

                if (againstTwin)
                    RunTwins(folder);
            }
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }

        return [.. _ours.Select(side => Summarize(side.Key, side.Value))];
    }

    private void PrepareTwin(string folder)
    {
        TwinJob.ThrowIfUnsupported(_bench.Configuration);
        double needed = DenseMemoryFactor * _bench.WriteJob(folder);
        double available = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        if (needed > available)
            _leftOut[TwinVariant.DenseAdam] = $"needs about {NumberFormat.Bytes(needed)} of memory, of {NumberFormat.Bytes(available)}";
    }

    private void RunTwins(string folder)
    {
        // Threads and allocator of the processor's libraries are of no account on a GPU.
        TwinSettings[] measured = _device.Type == DeviceType.CPU ? [TwinSettings.Tuned, TwinSettings.AsInstalled] : [TwinSettings.AsInstalled, TwinSettings.Compiled];
        foreach (var settings in measured)
        {
            double seconds = 0;
            foreach (string optimizer in new[] { _twinOptimizer, TwinVariant.SparseAdam, TwinVariant.DenseAdam })
            {
                if (_leftOut.ContainsKey(optimizer))
                    continue;
                double limit = optimizer == TwinVariant.DenseAdam ? DenseTimeFactor * seconds : 0;
                var result = PyTorchTwin.Train(folder, optimizer == _twinOptimizer ? "job" : optimizer, settings, limit);
                if (result is null)
                {
                    _leftOut[optimizer] = $"takes more than {DenseTimeFactor} times as long as {_twinOptimizer}";
                    continue;
                }

                if (optimizer == _twinOptimizer)
                    seconds = result.Seconds;
                var variant = new TwinVariant(optimizer, settings);
                if (!_twins.TryGetValue(variant, out var results))
                    _twins[variant] = results = [];
                results.Add(result);
                OnMeasurement?.Invoke("pytorch", new { _options.Model, _options.Rows, optimizer, settings, result.SamplesPerSecond, result.Logloss, result.Auc, result.TrainLoss });
            }
        }
    }

    private TrainBenchLine Summarize(string precision, List<TrainBenchResult> ours)
    {
        var runtime = RuntimeSetup.Report();
        return new TrainBenchLine
        {
            Model = _options.Model,
            Rows = _options.Rows,
            Precision = precision,
            Device = _device.ToString(),
            Threads = runtime.ThreadCount,
            BatchSize = _bench.Configuration.Train.BatchSize,
            Steps = _options.Steps,
            SamplesPerSecond = Median.Of(ours.Select(r => r.SamplesPerSecond)),
            Rounds = [.. ours.Select(r => r.SamplesPerSecond)],
            Logloss = Median.Of(ours.Select(r => r.Logloss)),
            PytorchLogloss = _twins.FirstOrDefault(t => t.Key.Optimizer == _twinOptimizer && t.Key.Settings != TwinSettings.Compiled).Value is { } same ? Median.Of(same.Select(r => r.Logloss)) : double.NaN,
            AllocatedBytesPerStep = ours.Min(r => r.AllocatedBytesPerStep),
            StepMilliseconds = ours[0].StepMilliseconds.Keys.ToDictionary(part => part, part => ours.Average(r => r.StepMilliseconds[part])),
            TableBytes = ours[0].TableBytes,
            PeakRssBytes = ours.Max(r => r.PeakRssBytes),
            PytorchTuned = FindBest(TwinSettings.Tuned, ours),
            PytorchAsInstalled = FindBest(TwinSettings.AsInstalled, ours),
            PytorchCompiled = FindBest(TwinSettings.Compiled, ours),
            Baselines = [.. _twins.Select(t => new TwinFigure(t.Key.Optimizer, t.Key.Settings, [.. t.Value.Select(r => r.SamplesPerSecond)], Median.Of(t.Value.Select(r => r.Logloss))))],
            LeftOut = _leftOut,
            Blas = runtime.Blas,
            OpenBlasCore = runtime.OpenBlasCore,
        };
    }

    private TwinBest? FindBest(TwinSettings settings, List<TrainBenchResult> ours)
    {
        var complete = _twins.Where(t => t.Key.Settings == settings && t.Value.Count == _options.Rounds).ToList();
        if (complete.Count == 0)
            return null;
        var (variant, results) = complete.MaxBy(t => Median.Of(t.Value.Select(r => r.SamplesPerSecond)));
        double[] ratios = [.. ours.Zip(results, (a, b) => a.SamplesPerSecond / b.SamplesPerSecond)];
        return new TwinBest(variant.Optimizer, Median.Of(results.Select(r => r.SamplesPerSecond)), Median.Of(ratios), ratios);
    }
}
