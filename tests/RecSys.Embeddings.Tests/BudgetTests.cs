namespace RecSys.Embeddings.Tests;

public sealed class BudgetTests
{
    [Theory]
    [InlineData("0.1", 100)]
    [InlineData("1", 1000)]
    [InlineData("1e-2", 10)]
    [InlineData(" 0.25 ", 250)]
    public void Parse_Fraction_IsRelativeToTheFullTable(string text, long bytes)
        => Assert.Equal(bytes, Budget.Parse(text).Resolve(1000));

    [Theory]
    [InlineData("4096B", 4096)]
    [InlineData("158kB", 158_000)]
    [InlineData("1.6MB", 1_600_000)]
    [InlineData("25MiB", 25 * 1024 * 1024)]
    [InlineData("2KiB", 2048)]
    [InlineData("2 GB", 2_000_000_000)]
    [InlineData("1TB", 1_000_000_000_000)]
    public void Parse_Bytes_IsIndependentOfTheFullTable(string text, long bytes)
        => Assert.Equal(bytes, Budget.Parse(text).Resolve(1000));

    [Theory]
    [InlineData("")]
    [InlineData("0")]
    [InlineData("-0.1")]
    [InlineData("1.5")]
    [InlineData("10%")]
    [InlineData("0.2B")]
    [InlineData("-5MB")]
    [InlineData("5mb")]
    [InlineData("NaN")]
    public void Parse_NeitherFractionNorBytes_SaysWhatIsValid(string text)
    {
        var error = Assert.Throws<FormatException>(() => Budget.Parse(text));

        Assert.Contains($"'{text}'", error.Message, StringComparison.Ordinal);
        Assert.Contains("1.6MB", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ToString_EitherForm_IsParsedBack()
    {
        Assert.Equal(Budget.OfBytes(12345), Budget.Parse(Budget.OfBytes(12345).ToString()));
        Assert.Equal(0.1, Budget.Parse(Budget.OfFraction(0.1).ToString()).Fraction);
    }

    [Fact]
    public void Exception_Message_StatesBothSizes()
    {
        var error = new BudgetException("hash", 10, 40, 1000);

        Assert.Equal(40, error.SmallestByteCount);
        Assert.Equal(
            "Method 'hash' cannot reach a budget of 10 bytes (0.01 of the full table); the smallest possible is 40 bytes (0.04).", error.Message);
    }
}
