namespace RecSys.Cli.Bench;

/// <summary>One way to train in PyTorch.</summary>
/// <param name="Optimizer">Optimiser of the rows.</param>
/// <param name="Settings">Settings of the native libraries.</param>
/// <param name="SamplesPerSecond">Every round.</param>
/// <param name="Logloss">On test batches.</param>
internal sealed record TwinFigure(string Optimizer, TwinSettings Settings, IReadOnlyList<double> SamplesPerSecond, double Logloss);
