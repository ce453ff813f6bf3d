namespace RecSys.Cli.Bench;

/// <summary>Speed and quality of one measured training.</summary>
/// <param name="SamplesPerSecond">Timed steps only.</param>
/// <param name="TrainLoss">Mean loss of the last 50 steps.</param>
/// <param name="Auc">On test batches.</param>
/// <param name="Logloss">On test batches.</param>
internal sealed record TrainBenchResult(double SamplesPerSecond, double TrainLoss, double Auc, double Logloss)
{
    /// <summary>Managed bytes allocated per timed step; 0 where not known.</summary>
    public long AllocatedBytesPerStep { get; init; }

    /// <summary>Mean time of every part of a step; empty where not known.</summary>
    public IReadOnlyDictionary<string, double> StepMilliseconds { get; init; } = new Dictionary<string, double>();

    /// <summary>Bytes of the rows and of their optimiser's state by the ledger; 0 where not known.</summary>
    public long TableBytes { get; init; }

    /// <summary>Most memory the process has had so far, bytes; 0 where not known.</summary>
    public long PeakRssBytes { get; init; }

    /// <summary>Seconds of all steps, those before the clock included; 0 where not known.</summary>
    public double Seconds { get; init; }
}
