namespace RecSys.Cli.Bench;

/// <summary>The fastest of the ways to train in PyTorch with given settings, and how this project compares.</summary>
/// <param name="Optimizer">Optimiser of the rows.</param>
/// <param name="SamplesPerSecond">Median of the rounds.</param>
/// <param name="Ratio">Speed here divided by the speed there, median of the rounds.</param>
/// <param name="Ratios">The ratio of every round.</param>
internal sealed record TwinBest(string Optimizer, double SamplesPerSecond, double Ratio, IReadOnlyList<double> Ratios);
