using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class MethodOptionsTests
{
    private static readonly MethodOptions s_options = new(new Dictionary<string, string> { ["hashes"] = "3", ["combine"] = "mean", ["bad"] = "3.5", ["share"] = "0.25" });

    [Fact]
    public void GetInt32_SetOrNot_GivesValueOrFallback()
    {
        Assert.Equal(3, s_options.GetInt32("hashes", 2));
        Assert.Equal(2, s_options.GetInt32("chunks", 2));
    }

    [Theory]
    [InlineData("bad", 1, "'3.5'")]
    [InlineData("combine", 1, "'mean'")]
    [InlineData("hashes", 4, "≥ 4")]
    public void GetInt32_InvalidValue_SaysWhatIsValid(string name, int minimum, string part)
    {
        var error = Assert.Throws<ArgumentException>(() => s_options.GetInt32(name, 5, minimum));

        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(part, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetInt32_AboveTheMaximum_NamesBothEnds()
    {
        var error = Assert.Throws<ArgumentException>(() => s_options.GetInt32("hashes", 1, minimum: 1, maximum: 2));

        Assert.Contains("'3'; it must be a whole number from 1 to 2", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetFraction_SetOrNot_GivesValueOrFallback()
    {
        Assert.Equal(0.25, s_options.GetFraction("share", 0.5));
        Assert.Equal(0.5, s_options.GetFraction("other_share", 0.5));
    }

    [Theory]
    [InlineData("0")]
    [InlineData("1")]
    [InlineData("-0.5")]
    [InlineData("NaN")]
    [InlineData("half")]
    public void GetFraction_InvalidValue_SaysWhatIsValid(string text)
    {
        var options = new MethodOptions(new Dictionary<string, string> { ["share"] = text });

        var error = Assert.Throws<ArgumentException>(() => options.GetFraction("share", 0.5));

        Assert.Contains($"'share' is '{text}'; it must be a number above 0 and below 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GetChoice_SetOrNot_GivesValueOrTheFirst()
    {
        Assert.Equal("mean", s_options.GetChoice("combine", "sum", "mean"));
        Assert.Equal("mix", s_options.GetChoice("function", "mix", "modulo"));
    }

    [Fact]
    public void GetChoice_InvalidWord_NamesTheWords()
    {
        var error = Assert.Throws<ArgumentException>(() => s_options.GetChoice("combine", "mult", "add"));

        Assert.Contains("mult, add", error.Message, StringComparison.Ordinal);
    }
}
