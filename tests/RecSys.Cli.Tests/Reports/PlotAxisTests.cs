using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

public sealed class PlotAxisTests
{
    [Theory]
    [InlineData(1e5, 1e6, "100 kB", "1 MB")]
    [InlineData(158e3, 1.6e6, "200 kB", "1 MB")]
    [InlineData(4096, 3e9, "10 kB", "1 GB")]
    [InlineData(1, 1e15, "1 B", "1 TB")]
    [InlineData(1e5, 1.02e5, "100 kB", "100 kB")]
    public void LogBytes_Ranges_HaveRoundTicks(double smallest, double largest, string first, string second)
    {
        string[] labels = [.. PlotAxis.Create(PlotScale.LogBytes, smallest, largest, 0, 500).Ticks.Select(tick => tick.Label)];

        Assert.Contains(first, labels);
        Assert.Contains(second, labels);
    }

    [Fact]
    public void LogBytes_AnyRange_LabelsNeverTouchAndDiffer()
    {
        var random = new Random(2026);
        for (int trial = 0; trial < 2000; trial++)
        {
            double smallest = Math.Pow(10, random.NextDouble() * 9);
            double largest = smallest * Math.Pow(10, random.NextDouble() * random.NextDouble() * 8);
            PlotAxis axis = PlotAxis.Create(PlotScale.LogBytes, smallest, largest, 70, 590);

            Assert.InRange(axis.Pixel(smallest), 71, axis.Pixel(largest));
            Assert.InRange(axis.Pixel(largest), axis.Pixel(smallest), 589);
            Assert.NotEmpty(axis.Ticks);
            foreach ((PlotTick left, PlotTick right) in axis.Ticks.Zip(axis.Ticks.Skip(1)))
            {
                double room = axis.Pixel(right.Value) - axis.Pixel(left.Value);
                double need = (left.Label.Length + right.Label.Length) / 2.0 * PlotAxis.CharacterWidth;
                Assert.True(room > need, $"{left.Label} and {right.Label} in {smallest} … {largest}");
                Assert.NotEqual(left.Label, right.Label);
            }
        }
    }

    [Fact]
    public void LogBytes_Pixel_IsLogarithmic()
    {
        PlotAxis axis = PlotAxis.Create(PlotScale.LogBytes, 1e3, 1e7, 0, 400);

        Assert.Equal(axis.Pixel(1e4) - axis.Pixel(1e3), axis.Pixel(1e7) - axis.Pixel(1e6), 9);
    }

    [Fact]
    public void Linear_Range_HasRoundTicksFromBottomToTop()
    {
        PlotAxis axis = PlotAxis.Create(PlotScale.Linear, 0.772, 0.798, 300, 0);

        Assert.Equal(["0.770", "0.775", "0.780", "0.785", "0.790", "0.795", "0.800"], axis.Ticks.Select(tick => tick.Label));
        Assert.True(axis.Pixel(0.798) < axis.Pixel(0.772));
        Assert.All(axis.Ticks, tick => Assert.InRange(axis.Pixel(tick.Value), 0, 300));
    }

    [Fact]
    public void Linear_OneValue_HasTicksAroundIt()
    {
        PlotAxis axis = PlotAxis.Create(PlotScale.Linear, 0.75, 0.75, 300, 0);

        Assert.Equal(150, axis.Pixel(0.75), 6);
        Assert.True(axis.Ticks.Count >= 3);
    }

    [Fact]
    public void Log_VerticalAxis_HasPlainNumbersAboveEachOther()
    {
        PlotAxis axis = PlotAxis.Create(PlotScale.LogCost, 0.02, 3e5, 300, 0);

        Assert.Contains("0.1", axis.Ticks.Select(tick => tick.Label));
        Assert.Contains("100k", axis.Ticks.Select(tick => tick.Label));
        Assert.Equal(axis.Pixel(1) - axis.Pixel(10), axis.Pixel(100) - axis.Pixel(1000), 9);
        Assert.All(axis.Ticks.Zip(axis.Ticks.Skip(1)), pair => Assert.True(axis.Pixel(pair.First.Value) - axis.Pixel(pair.Second.Value) >= PlotAxis.LineHeight));
    }

    [Fact]
    public void LogCost_LessThanADecade_HasCompactNumbers()
        => Assert.Contains("100k", PlotAxis.Create(PlotScale.LogCost, 25e3, 115e3, 300, 0).Ticks.Select(tick => tick.Label));

    [Fact]
    public void Log_ShortRange_HasTheDigitsThatItsStepsNeed()
    {
        string[] labels = [.. PlotAxis.Create(PlotScale.LogMetric, 0.38001, 0.38003, 300, 0).Ticks.Select(tick => tick.Label)];

        Assert.True(labels.Length >= 2);
        Assert.Equal(labels.Distinct(), labels);
    }

    [Fact]
    public void LogMetric_ShortRange_FillsTheAxisAndLogCostDoesNot()
    {
        Assert.True(Span(PlotScale.LogMetric) > 200);
        Assert.True(Span(PlotScale.LogCost) < 50);

        static double Span(PlotScale scale)
        {
            PlotAxis axis = PlotAxis.Create(scale, 0.44, 0.45, 300, 0);
            return axis.Pixel(0.44) - axis.Pixel(0.45);
        }
    }

    [Fact]
    public void LogError_ValuesNear1_HaveRoom()
    {
        PlotAxis axis = PlotAxis.Create(PlotScale.LogError, 0.5, 0.98, 300, 0);

        Assert.Equal(axis.Pixel(0.5) - axis.Pixel(0.75), axis.Pixel(0.9) - axis.Pixel(0.95), 9);
        Assert.True(axis.Pixel(0.5) > axis.Pixel(0.98));
        Assert.Contains("0.9", axis.Ticks.Select(tick => tick.Label));
        Assert.All(axis.Ticks, tick => Assert.InRange(axis.Pixel(tick.Value), 0, 300));
        Assert.Equal(axis.Ticks.Select(tick => tick.Value).Order(), axis.Ticks.Select(tick => tick.Value));
    }

    [Theory]
    [InlineData(0.6, 0.8)]
    [InlineData(0.5, 1)]
    public void LogError_ShortRangeOr1_IsLinear(double smallest, double largest)
    {
        PlotAxis axis = PlotAxis.Create(PlotScale.LogError, smallest, largest, 300, 0);

        Assert.Equal(axis.Pixel(0.6) - axis.Pixel(0.65), axis.Pixel(0.7) - axis.Pixel(0.75), 9);
    }
}
