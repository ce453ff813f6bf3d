using RecSys.Cli.Studies;
using RecSys.Data;

namespace RecSys.Cli.Tests.Studies;

public sealed class StudyResultsTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-study-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string File => Path.Combine(_folder, "new", "results.jsonl");

    [Fact]
    public void Open_HasWhatWasAdded_WithoutALineThatWasNotWrittenToItsEnd()
    {
        var results = StudyResults.Open(File);
        results.AddTrial(Run("a-trial-1") with { Auc = double.NaN });
        results.Add(Run("a"));
        results.Add(new UnreachableBudget("data", "fm", "hash", "0.001", 1234));
        results.Add(new UnreachableBudget("data", "fm", "hash", "0.001", 1234));
        System.IO.File.AppendAllText(File, "{\"event\":\"result\",\"dataset\":\"da");

        var again = StudyResults.Open(File);
        again.Add(Run("b"));

        var last = StudyResults.Open(File);
        Assert.Equal(["a", "b"], last.Runs.Select(r => r.Run));
        Assert.Equal(0.7, last.Find("a", "hash")!.Auc);
        Assert.True(double.IsNaN(last.FindTrial("a-trial-1", "hash")!.Auc));
        Assert.Null(last.Find("a-trial-1", "hash"));
        Assert.Equal([new UnreachableBudget("data", "fm", "hash", "0.001", 1234)], last.Unreachable);
        Assert.Equal(4, System.IO.File.ReadAllLines(File).Length);
    }

    [Fact]
    public void Find_RunOfAnotherConfiguration_Throws()
    {
        var results = StudyResults.Open(File);
        results.Add(Run("a"));

        var error = Assert.Throws<DataException>(() => results.Find("a", "another"));

        Assert.Contains("'a' was made with another configuration", error.Message, StringComparison.Ordinal);
    }

    private static RunReport Run(string name) => new()
    {
        Dataset = "data",
        Model = "fm",
        Method = "hash",
        Budget = "0.1",
        Dimension = 4,
        Auc = 0.7,
        Gauc = double.NaN,
        Logloss = 0.5,
        NormalizedEntropy = 0.9,
        Calibration = 1,
        ValidationAuc = 0.7,
        ValidationLogloss = 0.5,
        BestStep = 1,
        EmbeddingBytes = 1000,
        CompressionRatio = 1,
        Seed = 1,
        ConfigHash = "hash",
        Run = name,
    };
}
