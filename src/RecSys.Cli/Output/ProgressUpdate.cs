namespace RecSys.Cli.Output;

/// <summary>How far a long piece of work is.</summary>
/// <param name="Phase">What is being done: <c>epoch 1/3</c>, <c>prepare</c>.</param>
/// <param name="Done">Samples (or other units) done in this phase.</param>
/// <param name="Total">Units of the phase; 0 when not known.</param>
/// <param name="SamplesPerSecond">Current rate in units; 0 when not known.</param>
internal sealed record ProgressUpdate(string Phase, long Done, long Total, double SamplesPerSecond)
{
    /// <summary>What is counted.</summary>
    public string Unit { get; init; } = "samples";

    /// <summary>Running training loss, when there is one.</summary>
    public double? Loss { get; init; }

    /// <summary>Name of <see cref="Metric"/>.</summary>
    public string MetricName { get; init; } = "auc";

    /// <summary>Newest validation metric, when there is one.</summary>
    public double? Metric { get; init; }

    /// <summary>Time to the end of the phase at the current rate; null when not known.</summary>
    public double? RemainingSeconds => Total > 0 && SamplesPerSecond > 0 ? Math.Max(0, Total - Done) / SamplesPerSecond : null;
}
