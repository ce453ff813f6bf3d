namespace RecSys.Cli.Bench;

/// <summary>The result of a training benchmark: a <c>result</c> line of <c>bench train --json</c>, and a row of the speed table.</summary>
internal sealed record TrainBenchLine
{
    /// <summary>Tells these lines from those of other verbs.</summary>
    public const string Kind = "train";

    public string Bench { get; init; } = Kind;

    public required string Model { get; init; }

    public required long Rows { get; init; }

    public required string Precision { get; init; }

    /// <summary>Where both sides compute.</summary>
    public string Device { get; init; } = "cpu";

    public required int Threads { get; init; }

    public required int BatchSize { get; init; }

    public required int Steps { get; init; }

    /// <summary>Median of the rounds.</summary>
    public required double SamplesPerSecond { get; init; }

    /// <summary>Samples per second of every round.</summary>
    public required IReadOnlyList<double> Rounds { get; init; }

    public required double Logloss { get; init; }

    /// <summary>Of PyTorch with the optimisers used here, after the same samples.</summary>
    public double PytorchLogloss { get; init; } = double.NaN;

    /// <summary>Both sides learn the same when this is small; speeds can then be compared.</summary>
    public double LoglossDifference => Math.Abs(Logloss - PytorchLogloss);

    public required long AllocatedBytesPerStep { get; init; }

    /// <summary>Mean time of every part of a step over all rounds.</summary>
    public IReadOnlyDictionary<string, double> StepMilliseconds { get; init; } = new Dictionary<string, double>();

    /// <summary>Bytes of the rows and of their optimiser's state by the ledger.</summary>
    public long TableBytes { get; init; }

    /// <summary>Most memory the process had, bytes; measurements of smaller tables come first.</summary>
    public long PeakRssBytes { get; init; }

    /// <summary>PyTorch with the settings of the native libraries used here; null without a baseline.</summary>
    public TwinBest? PytorchTuned { get; init; }

    /// <summary>PyTorch without any settings.</summary>
    public TwinBest? PytorchAsInstalled { get; init; }

    /// <summary>PyTorch with <c>torch.compile</c>; on a GPU.</summary>
    public TwinBest? PytorchCompiled { get; init; }

    /// <summary>All ways measured.</summary>
    public IReadOnlyList<TwinFigure> Baselines { get; init; } = [];

    /// <summary>Optimisers left out, and why.</summary>
    public IReadOnlyDictionary<string, string> LeftOut { get; init; } = new Dictionary<string, string>();

    public required string Blas { get; init; }

    public required string? OpenBlasCore { get; init; }

    /// <summary>What two lines must share to be compared.</summary>
    public (string Model, long Rows, string Precision, string Device, int Threads) Key() => (Model, Rows, Precision, Device, Threads);
}
