using RecSys.Cli.Bench;

namespace RecSys.Cli.Tests.Bench;

public sealed class MedianTests
{
    [Theory]
    [InlineData(3.0, new[] { 3.0 })]
    [InlineData(2.5, new[] { 3.0, 1, 2, 9 })]
    [InlineData(2.0, new[] { 3.0, 1, 2 })]
    public void Of_Values_IsTheMiddle(double expected, double[] values) => Assert.Equal(expected, Median.Of(values));
}
