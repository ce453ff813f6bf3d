using RecSys.Cli.Output;

namespace RecSys.Cli.Tests.Output;

public sealed class ProgressTextTests
{
    [Fact]
    public void Format_EverythingKnown_TellsEverything()
    {
        var update = new ProgressUpdate("epoch 1/3", 500_000, 2_000_000, 50_000) { Loss = 0.45118, Metric = 0.78 };

        Assert.Equal("epoch 1/3   25%  500k/2M samples  50k samples/s  loss 0.4512  auc 0.7800  30 s left", ProgressText.Format(update));
    }

    [Fact]
    public void Format_LittleKnown_LeavesTheRestOut() => Assert.Equal("prepare  12 rows", ProgressText.Format(new ProgressUpdate("prepare", 12, 0, 0) { Unit = "rows" }));

    [Fact]
    public void Format_NothingCounted_IsThePhase() => Assert.Equal("check", ProgressText.Format(new ProgressUpdate("check", 0, 0, 0)));

    [Fact]
    public void Format_Done_HasNoTimeLeft()
        => Assert.Equal("evaluate  100%  10/10 samples  5 samples/s  gauc 0.6000", ProgressText.Format(new ProgressUpdate("evaluate", 10, 10, 5) { MetricName = "gauc", Metric = 0.6 }));

    [Theory]
    [InlineData(0, "────────")]
    [InlineData(1, "━━──────")]
    [InlineData(4, "━━━━━━━━")]
    [InlineData(9, "━━━━━━━━")]
    public void Bar_Share_IsFilled(long done, string expected) => Assert.Equal(expected, ProgressText.Bar(new ProgressUpdate("p", done, 4, 0), 8));

    [Fact]
    public void Bar_TotalNotKnown_IsEmpty() => Assert.Equal("", ProgressText.Bar(new ProgressUpdate("p", 1, 0, 0), 8));
}
