using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

public sealed class NumberFormatTests
{
    [Theory]
    [InlineData(0, "0 B")]
    [InlineData(999, "999 B")]
    [InlineData(1000, "1 kB")]
    [InlineData(1536, "1.54 kB")]
    [InlineData(158_000, "158 kB")]
    [InlineData(999_400, "999 kB")]
    [InlineData(999_600, "1 MB")]
    [InlineData(1_600_000, "1.6 MB")]
    [InlineData(25_040_000, "25 MB")]
    [InlineData(3.2e9, "3.2 GB")]
    [InlineData(5e18, "5000 PB")]
    [InlineData(-1600, "-1.6 kB")]
    public void Bytes_Sizes_HaveThreeDigits(double value, string expected) => Assert.Equal(expected, NumberFormat.Bytes(value));

    [Theory]
    [InlineData(950, "950")]
    [InlineData(55_149, "55.1k")]
    [InlineData(1_234_567, "1.23M")]
    public void Compact_Counts_HaveThreeDigits(double value, string expected) => Assert.Equal(expected, NumberFormat.Compact(value));

    [Fact]
    public void Count_Large_HasSeparators() => Assert.Equal("1,234,567", NumberFormat.Count(1_234_567));

    [Theory]
    [InlineData(0.04, "0.0 s")]
    [InlineData(9.94, "9.9 s")]
    [InlineData(9.96, "10 s")]
    [InlineData(59.4, "59 s")]
    [InlineData(59.6, "1 min 0 s")]
    [InlineData(185, "3 min 5 s")]
    [InlineData(3720, "1 h 2 min")]
    public void Duration_Seconds_HasTwoUnits(double seconds, string expected) => Assert.Equal(expected, NumberFormat.Duration(TimeSpan.FromSeconds(seconds)));
}
