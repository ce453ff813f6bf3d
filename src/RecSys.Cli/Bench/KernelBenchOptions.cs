namespace RecSys.Cli.Bench;

/// <summary>Size of a kernel benchmark.</summary>
/// <param name="Rows">Rows of each table; all its bytes together should be many times the last-level cache.</param>
/// <param name="Dimension">Numbers per row, even.</param>
/// <param name="Repetitions">Measurements of each kernel and of its bound, in turn.</param>
/// <param name="Threads">Threads of both sides.</param>
/// <param name="WarmUpRounds">Runs on small tables before the first measurement, until the run-time has compiled everything.</param>
internal sealed record KernelBenchOptions(int Rows, int Dimension, int Repetitions, int Threads, int WarmUpRounds);
