using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

public sealed class SignificanceTests
{
    // Published with implementations of the test in many languages (rosettacode.org, Welch's t-test), and integrated numerically.
    [Theory]
    [InlineData(new[] { 3.0, 4.0, 1.0, 2.1 }, new[] { 490.2, 340.0, 433.9 }, 0.010751561149784)]
    [InlineData(new[] { 0.7654, 0.7651, 0.7658 }, new[] { 0.7641, 0.7645, 0.7649 }, 0.039356690688)]
    [InlineData(
        new[] { 27.5, 21.0, 19.0, 23.6, 17.0, 17.9, 16.9, 20.1, 21.9, 22.6, 23.1, 19.6, 19.0, 21.7, 21.4 },
        new[] { 27.1, 22.0, 20.8, 23.4, 23.4, 23.5, 25.8, 22.0, 24.8, 20.2, 21.9, 22.1, 22.9, 30.5, 18.1 },
        0.030285911465816)]
    public void WelchPValue_KnownSamples_IsTheKnownValue(double[] first, double[] second, double expected)
    {
        Assert.Equal(expected, Significance.WelchPValue(first, second), 1e-9);
        Assert.Equal(expected, Significance.WelchPValue(second, first), 1e-9);
        Assert.True(Significance.Differ(first, second));
        Assert.False(Significance.AreLevel(first, second));
    }

    [Theory]
    [InlineData(new double[0], new[] { 1.0, 2.0 })]
    [InlineData(new[] { 1.0 }, new[] { 3.0, 4.0 })]
    [InlineData(new[] { 3.0, 4.0 }, new[] { 1.0 })]
    public void WelchPValue_FewerThanTwoValues_IsNoTest(double[] first, double[] second)
    {
        Assert.Equal(double.NaN, Significance.WelchPValue(first, second));
        Assert.False(Significance.Differ(first, second));
        Assert.False(Significance.AreLevel(first, second));
    }

    [Fact]
    public void WelchPValue_NoScatter_ComparesTheMeans()
    {
        Assert.Equal(1, Significance.WelchPValue([0.5, 0.5], [0.5, 0.5]));
        Assert.Equal(0, Significance.WelchPValue([0.5, 0.5], [0.6, 0.6]));
    }

    [Fact]
    public void AreLevel_SameMeans_IsTrue() => Assert.True(Significance.AreLevel([0.5, 0.6], [0.54, 0.56]));
}
