using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

public sealed class MemoryAccuracyReportTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-report-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Write_ModelsWithOnePoint_AreComparedWithEachOther()
    {
        string text = Write(Run("fm", "a", 1, 0.7), Run("fm", "a", 2, 0.72), Run("lr", "a", 1, 0.6), Run("lr", "b", 1, 0.9));

        Assert.Contains("| fm    | **0.7100 ± 0.0141** |", text, StringComparison.Ordinal);
        Assert.Contains("0.6000 | **0.9000** |", text, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder, "*.svg"));
    }

    [Fact]
    public void Write_ModelWithSeveralPoints_IsDrawn()
    {
        string text = Write(Run("fm", "a", 1, 0.7), Run("fm", "a", 1, 0.65) with { Method = "hash", Budget = "0.5", CompressionRatio = 0.5 }, Run("lr", "a", 1, 0.6));

        Assert.Contains("## fm on a", text, StringComparison.Ordinal);
        Assert.DoesNotContain("## lr on a", text, StringComparison.Ordinal);
        Assert.Equal(["a-fm.svg"], Directory.GetFiles(_folder, "*.svg").Select(Path.GetFileName));
    }

    private string Write(params RunReport[] runs) => File.ReadAllText(MemoryAccuracyReport.Write(_folder, "title", "command", runs));

    private static RunReport Run(string model, string dataset, int seed, double auc) => new()
    {
        Dataset = dataset,
        Model = model,
        Method = "full",
        Budget = "1",
        Dimension = 4,
        Auc = auc,
        Gauc = double.NaN,
        Logloss = 0.5,
        NormalizedEntropy = 0.9,
        Calibration = 1,
        ValidationAuc = auc,
        ValidationLogloss = 0.5,
        BestStep = 1,
        EmbeddingBytes = 1000,
        CompressionRatio = 1,
        Seed = seed,
        Run = "run",
    };
}
