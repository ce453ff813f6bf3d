using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Configuration;

public sealed class ConfigNodeValuesTests
{
    [Theory]
    [InlineData("k: din", "din")]
    [InlineData("k: no", "no")]
    [InlineData("k: 007", "007")]
    [InlineData("k: \"null\"", "null")]
    [InlineData("k: \"\"", "")]
    public void String_Scalar_IsTheTextAsWritten(string yaml, string expected) => Assert.Equal(expected, Parse(yaml).String("k"));

    [Theory]
    [InlineData("k:")]
    [InlineData("k: ~")]
    [InlineData("k: null")]
    [InlineData("other: 1")]
    public void Values_AbsentOrEmpty_GiveTheFallback(string yaml)
    {
        ConfigNode node = Parse(yaml);

        Assert.Equal("x", node.String("k", "x"));
        Assert.Null(node.OptionalString("k"));
        Assert.Equal("b", node.Choice("k", "b", "a", "b"));
        Assert.Equal(5, node.Int32("k", 5));
        Assert.Equal(6L, node.Int64("k", 6));
        Assert.Equal(0.5, node.Double("k", 0.5));
        Assert.True(node.Boolean("k", true));
        Assert.Empty(node.Strings("k"));
        Assert.Equal([1, 2], node.Int32List("k", [1, 2]));
        AssertError("x.yaml:1: k: is missing; valid: a value for this key", () => node.String("k"));
    }

    [Fact]
    public void Int32_NotANumber_NamesLineValueAndRange()
    {
        ConfigNode train = Parse("model: {}\ntrain:\n  batch_size: abc\n").Section("train");

        AssertError("x.yaml:3: train.batch_size: 'abc' is not a whole number; valid: 1 … 2147483647", () => train.Int32("batch_size", 1, 1));
    }

    [Theory]
    [InlineData("4.5")]
    [InlineData("1e3")]
    [InlineData("0x10")]
    [InlineData("1_000")]
    public void Int32_OtherNotation_Throws(string text)
        => AssertError($"x.yaml:1: k: '{text}' is not a whole number; valid: 0 … 9", () => Parse($"k: {text}").Int32("k", 1, 0, 9));

    [Fact]
    public void Int32_Bounds_AreValid()
    {
        Assert.Equal(1, Parse("k: 1").Int32("k", 5, 1, 3));
        Assert.Equal(3, Parse("k: 3").Int32("k", 5, 1, 3));
        AssertError("x.yaml:1: k: '4' is out of range; valid: 1 … 3", () => Parse("k: 4").Int32("k", 1, 1, 3));
        AssertError("x.yaml:1: k: '99999999999' is out of range; valid: -2147483648 … 2147483647", () => Parse("k: 99999999999").Int32("k", 1));
    }

    [Fact]
    public void Int64_BeyondInt32_IsRead()
    {
        Assert.Equal(-5_000_000_000L, Parse("k: -5000000000").Int64("k", 0));
        AssertError("x.yaml:1: k: '-1' is out of range; valid: 0 … 9223372036854775807", () => Parse("k: -1").Int64("k", 0, 0));
    }

    [Theory]
    [InlineData("0.001", 0.001)]
    [InlineData("1e-3", 0.001)]
    [InlineData("1", 1)]
    public void Double_Notations_AreRead(string text, double expected) => Assert.Equal(expected, Parse($"k: {text}").Double("k", 0, 0, 1));

    [Theory]
    [InlineData("abc", 0, 1, "'abc' is not a number; valid: 0 … 1")]
    [InlineData("NaN", 0, 1, "'NaN' is not a number; valid: 0 … 1")]
    [InlineData("1.5", 0, 1, "'1.5' is out of range; valid: 0 … 1")]
    [InlineData("-1", 0.5, double.PositiveInfinity, "'-1' is out of range; valid: a number, at least 0.5")]
    [InlineData("9", double.NegativeInfinity, 2, "'9' is out of range; valid: a number, at most 2")]
    [InlineData("x", double.NegativeInfinity, double.PositiveInfinity, "'x' is not a number; valid: a number")]
    public void Double_Wrong_NamesTheRange(string text, double minimum, double maximum, string problem)
        => AssertError($"x.yaml:1: k: {problem}", () => Parse($"k: {text}").Double("k", 0, minimum, maximum));

    [Fact]
    public void Boolean_TrueAndFalse_AreTheOnlyValues()
    {
        Assert.True(Parse("k: true").Boolean("k", false));
        Assert.False(Parse("k: False").Boolean("k", true));
        AssertError("x.yaml:1: k: 'yes' is neither true nor false; valid: true, false", () => Parse("k: yes").Boolean("k", true));
    }

    [Fact]
    public void Choice_Unknown_NamesNearestAndAll()
    {
        string[] valid = ["sgd", "adagrad", "row_wise_adagrad"];

        Assert.Equal("adagrad", Parse("k: adagrad").Choice("k", "sgd", valid));
        AssertError("x.yaml:1: k: 'adagard' is not known; did you mean 'adagrad'? valid: sgd, adagrad, row_wise_adagrad", () => Parse("k: adagard").Choice("k", "sgd", valid));
    }

    [Theory]
    [InlineData("k: [1]", "a list")]
    [InlineData("k: {a: 1}", "a section")]
    public void Values_NotAScalar_Throw(string yaml, string kind)
    {
        string message = $"x.yaml:1: k: is {kind}; valid: a single value";

        AssertError(message, () => Parse(yaml).String("k"));
        AssertError(message, () => Parse(yaml).Int32("k", 1));
        AssertError(message, () => Parse(yaml).Double("k", 1));
    }

    [Fact]
    public void Strings_ScalarOrList_AreRead()
    {
        Assert.Equal(["a"], Parse("k: a").Strings("k"));
        Assert.Equal(["a", "2"], Parse("k: [a, 2]").Strings("k"));
        AssertError("x.yaml:1: k: is a section; valid: a list of single values", () => Parse("k: {a: 1}").Strings("k"));
        AssertError("x.yaml:1: k: holds a list; valid: a list of single values", () => Parse("k: [a, [b]]").Strings("k"));
    }

    [Fact]
    public void Int32List_Items_AreWholeNumbers()
    {
        Assert.Equal([400, 200], Parse("k: [400, 200]").Int32List("k", []));
        Assert.Equal([400], Parse("k: 400").Int32List("k", []));
        Assert.Empty(Parse("k: []").Int32List("k", [1]));
        AssertError("x.yaml:1: k: 'x' is not a whole number; valid: -2147483648 … 2147483647", () => Parse("k: [400, x]").Int32List("k", []));
    }

    [Fact]
    public void Scalars_MixedSection_AreReadAndMarked()
    {
        ConfigNode root = Parse("name: qr\nbudget: 0.1\nempty:\nnested: {a: 1}");

        Assert.Equal([KeyValuePair.Create("name", "qr"), KeyValuePair.Create("budget", "0.1")], root.Scalars());
        AssertError("x.yaml:3: empty: unknown key; did you mean 'name'? valid: budget, name", root.ThrowOnUnknownKeys);
    }

    private static ConfigNode Parse(string yaml) => ConfigNode.Parse(yaml, "x.yaml");

    private static void AssertError(string message, Action action) => Assert.Equal(message, Assert.Throws<ConfigException>(action).Message);
}
