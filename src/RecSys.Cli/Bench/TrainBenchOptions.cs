namespace RecSys.Cli.Bench;

/// <summary>What a training benchmark measures.</summary>
/// <param name="Model">Name of the model.</param>
/// <param name="Rows">Ids of all fields together.</param>
/// <param name="WarmUpSteps">Steps before the clock starts.</param>
/// <param name="Steps">Timed steps.</param>
/// <param name="Rounds">Measurements of every side, in turn.</param>
internal sealed record TrainBenchOptions(string Model, long Rows, int WarmUpSteps, int Steps, int Rounds);
