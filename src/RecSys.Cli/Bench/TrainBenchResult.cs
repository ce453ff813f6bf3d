namespace RecSys.Cli.Bench;

/// <summary>Speed and quality of one measured training.</summary>
/// <param name="SamplesPerSecond">Timed steps only.</param>
/// <param name="TrainLoss">Mean loss of the last 50 steps.</param>
/// <param name="Auc">On test batches.</param>
/// <param name="LogLoss">On test batches.</param>
/// <param name="AllocatedBytesPerStep">Managed bytes allocated per timed step; 0 where not known.</param>
/// <param name="StepMilliseconds">Mean time of every part of a step; empty where not known.</param>
internal sealed record TrainBenchResult(double SamplesPerSecond, double TrainLoss, double Auc, double LogLoss, long AllocatedBytesPerStep, IReadOnlyDictionary<string, double> StepMilliseconds);
