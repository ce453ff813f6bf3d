using RecSys.Data.Ingest;

namespace RecSys.Data.Tests.Ingest;

public sealed class ColumnRangeTests
{
    [Fact]
    public void Expand_Ranges_AreWrittenOut()
        => Assert.Equal(["label", "C9", "C10", "C11", "x"], ColumnRange.Expand(["label", "C9..C11", "x"]));

    [Theory]
    [InlineData("a..b")]
    [InlineData("C3..D5")]
    [InlineData("C5..C3")]
    public void Expand_OtherTexts_StayNames(string name)
        => Assert.Equal([name], ColumnRange.Expand([name]));
}
