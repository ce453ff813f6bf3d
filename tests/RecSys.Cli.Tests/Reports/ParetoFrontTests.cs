using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

public sealed class ParetoFrontTests
{
    private static readonly PlotPoint[] s_points =
    [
        new(400, 0.7, 0, "worse than a smaller one"),
        new(100, 0.5, 0, "small"),
        new(200, 0.75, 0, "middle"),
        new(200, 0.6, 0, "as large and worse"),
        new(300, 0.75, 0, "larger and no better"),
        new(500, 0.8, 0, "large"),
    ];

    [Fact]
    public void Of_HigherIsBetter_IsTheUpperEnvelope()
        => Assert.Equal(["small", "middle", "large"], ParetoFront.Of(s_points, higherIsBetter: true).Select(p => p.Note));

    [Fact]
    public void Of_LowerIsBetter_IsTheLowerEnvelope()
        => Assert.Equal(["small"], ParetoFront.Of(s_points, higherIsBetter: false).Select(p => p.Note));

    [Fact]
    public void Of_NoPoints_IsEmpty() => Assert.Empty(ParetoFront.Of([], higherIsBetter: true));
}
