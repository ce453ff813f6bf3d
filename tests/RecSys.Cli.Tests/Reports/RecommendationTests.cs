using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Embeddings;
using static RecSys.Cli.Tests.Reports.StudyRuns;

namespace RecSys.Cli.Tests.Reports;

public sealed class RecommendationTests
{
    private static readonly ModelStudy s_study = Study(
    [
        .. Seeds("full", "1", 0.9),
        .. Seeds("dpq", "0.1", 0.85).Select(r => r with { LookupNanoseconds = 60, Settings = ["embedding.method={name: dpq, budget: 0.1}", $"train.seed={r.Seed}"] }),
        .. Seeds("mgqe", "0.1", 0.8499).Select(r => r with { LookupNanoseconds = 20 }),
        .. Seeds("qr", "0.1", 0.8).Select(r => r with { LookupNanoseconds = 5 }),
        .. Seeds("hash", "0.1", 0.7),
        .. Seeds("hash", "0.05", 0.6),
    ]);

    [Fact]
    public void At_Budget_NamesTheBestAndWhatSpeaksForIt()
    {
        string text = Recommendation.At(s_study, Budget.Parse("0.1")).ToString();

        Assert.StartsWith("fm on data, at most 0.1 (100 kB): dpq\n", text, StringComparison.Ordinal);
        Assert.Contains("highest validation AUC of the 4 methods that fit; level with it: mgqe\n", text, StringComparison.Ordinal);
        Assert.Contains("next that differs: qr, 0.0500 less", text, StringComparison.Ordinal);
        Assert.Contains("test AUC 0.0500 below full tables, in 10 % of their bytes", text, StringComparison.Ordinal);
        Assert.Contains("test AUC 0.1500 above plain hashing in 100 kB", text, StringComparison.Ordinal);
        Assert.Contains("faster to look up: mgqe, 20 ns", text, StringComparison.Ordinal);
        Assert.Contains("train with --set 'embedding.method={name: dpq, budget: 0.1}'\n", text, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("1", "full")]
    [InlineData("150kB", "dpq")]
    [InlineData("0.06", "hash")]
    public void At_OtherBudgets_TakesWhatFits(string budget, string method) => Assert.Equal(method, Recommendation.At(s_study, Budget.Parse(budget)).Best.Name);

    [Fact]
    public void At_TooSmallABudget_SaysWhatThereIs()
    {
        var error = Assert.Throws<DataException>(() => Recommendation.At(s_study, Budget.Parse("1kB")));

        Assert.Contains("no method of the study fits 1 kB; valid: 50 kB ('hash') or more", error.Message, StringComparison.Ordinal);
    }
}
