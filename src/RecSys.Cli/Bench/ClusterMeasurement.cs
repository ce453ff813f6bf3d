namespace RecSys.Cli.Bench;

/// <summary>What one side of the cluster benchmark does.</summary>
/// <param name="Side">Name of the side.</param>
/// <param name="Operation"><c>gather</c> or <c>apply</c>.</param>
/// <param name="RowsPerSecond">Median of all clients together.</param>
/// <param name="BestRowsPerSecond">The best measurement: what the machine does when nothing else runs on it.</param>
/// <param name="Repetitions">Measurements.</param>
internal sealed record ClusterMeasurement(string Side, string Operation, double RowsPerSecond, double BestRowsPerSecond, int Repetitions)
{
    /// <summary>Name of the event.</summary>
    public const string Event = "measurement";
}
