using RecSys.Cli.Bench;

namespace RecSys.Cli.Tests.Bench;

public sealed class BenchChangeTests
{
    [Theory]
    [InlineData(900, "slower")]
    [InlineData(985, "same")]
    [InlineData(1015, "same")]
    [InlineData(1100, "faster")]
    public void Verdict_OneRound_AllowsTwoPercent(double after, string verdict)
        => Assert.Equal(verdict, Compare(BenchLines.Create("deepfm", 10, 1000), BenchLines.Create("deepfm", 10, after)).Verdict);

    [Fact]
    public void Verdict_ChangeBelowTheSpreadOfTheRounds_IsSame()
    {
        var change = Compare(BenchLines.Create("deepfm", 10, 950, 1000, 1050), BenchLines.Create("deepfm", 10, 915, 920, 925));

        Assert.Equal("same", change.Verdict);
        Assert.Equal(0.1, change.Noise, 1e-12);
        Assert.Equal(-0.08, change.Change, 1e-12);
    }

    [Fact]
    public void Between_BothHaveABaseline_ComparesTheRatios()
    {
        var change = Compare(BenchLines.Create("deepfm", 10, 1000).Against(1.2), BenchLines.Create("deepfm", 10, 500).Against(1.3));

        Assert.Equal("ratio", change.Figure);
        Assert.Equal("faster", change.Verdict);
    }

    [Fact]
    public void Between_SeveralLinesOfOneKey_TakesTheLastAndLeavesOutWhatIsNew()
    {
        var change = Assert.Single(BenchChange.Between(
            [BenchLines.Create("deepfm", 10, 1), BenchLines.Create("deepfm", 10, 1000), BenchLines.Create("deepfm", 20, 7)],
            [BenchLines.Create("deepfm", 10, 2000), BenchLines.Create("din", 10, 5)]));

        Assert.Equal(1000, change.Before);
        Assert.Equal(2000, change.After);
    }

    private static BenchChange Compare(TrainBenchLine before, TrainBenchLine after) => Assert.Single(BenchChange.Between([before], [after]));
}
