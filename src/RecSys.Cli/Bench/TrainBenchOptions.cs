namespace RecSys.Cli.Bench;

/// <summary>Size of a training benchmark.</summary>
/// <param name="Rows">Ids of all fields together.</param>
/// <param name="WarmUpSteps">Steps before the clock starts.</param>
/// <param name="Steps">Timed steps.</param>
internal sealed record TrainBenchOptions(long Rows, int WarmUpSteps, int Steps);
