using RecSys.Cli.Bench;

namespace RecSys.Cli.Tests.Bench;

/// <summary>Results of a benchmark that never ran.</summary>
internal static class BenchLines
{
    public static TrainBenchLine Create(string model, long rows, params double[] rounds) => new()
    {
        Model = model,
        Rows = rows,
        Precision = "fp32",
        Threads = 2,
        BatchSize = 4096,
        Steps = 10,
        SamplesPerSecond = rounds[rounds.Length / 2],
        Rounds = rounds,
        Logloss = 0.5,
        AllocatedBytesPerStep = 1,
        Blas = "blas",
        OpenBlasCore = null,
    };

    public static TrainBenchLine Against(this TrainBenchLine line, params double[] ratios) => line with
    {
        PytorchLogloss = 0.5002,
        PytorchTuned = new TwinBest("adagrad", line.SamplesPerSecond / ratios[0], ratios[ratios.Length / 2], ratios),
    };
}
