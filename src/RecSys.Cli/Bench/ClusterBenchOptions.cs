namespace RecSys.Cli.Bench;

/// <summary>Sizes of the cluster benchmark.</summary>
/// <param name="Rows">Rows of the table.</param>
/// <param name="Dimension">Numbers per row.</param>
/// <param name="Batch">Distinct rows per call.</param>
/// <param name="Repetitions">Measurements of each side, in turn.</param>
/// <param name="Clients">Clients that call at the same time.</param>
internal sealed record ClusterBenchOptions(int Rows, int Dimension, int Batch, int Repetitions, int Clients);
