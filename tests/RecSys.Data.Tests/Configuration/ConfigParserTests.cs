using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Configuration;

public sealed class ConfigParserTests
{
    [Theory]
    [InlineData("")]
    [InlineData("# only a comment\n")]
    [InlineData("---\n")]
    public void Parse_Empty_Throws(string yaml) => AssertError("x.yaml:1: the configuration is empty; valid: 'key: value' lines", yaml);

    [Theory]
    [InlineData("just text", "a single value")]
    [InlineData("- a\n- b", "a list")]
    public void Parse_RootIsNoSection_Throws(string yaml, string kind) => AssertError($"x.yaml:1: the configuration is {kind}; valid: 'key: value' lines", yaml);

    [Fact]
    public void Parse_DuplicateKey_NamesSecondLine()
    {
        var error = Assert.Throws<ConfigException>(() => ConfigNode.Parse("train:\n  epochs: 1\n  seed: 1\n  epochs: 2\n", "x.yaml"));

        Assert.StartsWith("x.yaml:4: not valid YAML: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("epochs", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("a: 1\nb: [1, 2\nc: 3\n")]
    [InlineData("a: 1\nb: \"open\n")]
    [InlineData("a: 1\n\tb: 2\n")]
    [InlineData("a: 1\n  b: 2\n")]
    [InlineData("a: 1\nb: *nowhere\n")]
    public void Parse_SyntaxError_NamesALineNearby(string yaml)
    {
        string message = Assert.Throws<ConfigException>(() => ConfigNode.Parse(yaml, "x.yaml")).Message;

        Assert.Matches(@"^x\.yaml:[1-4]: not valid YAML: .+ \(column \d+\)$", message);
    }

    [Fact]
    public void Parse_SecondDocument_Throws() => AssertError("x.yaml:3: a second document starts here; valid: one document in x.yaml", "a: 1\n---\nb: 2\n");

    [Theory]
    [InlineData("? [a, b]\n: 1", "a list or a section")]
    [InlineData("\"\": 1", "empty")]
    public void Parse_KeyIsNoText_Throws(string yaml, string kind) => AssertError($"x.yaml:1: a key is {kind}; valid: plain text", yaml);

    [Fact]
    public void Parse_AliasInsideItsAnchor_Throws()
    {
        string message = Assert.Throws<ConfigException>(() => ConfigNode.Parse("a: &loop\n  b: *loop\n", "x.yaml")).Message;

        Assert.StartsWith("x.yaml:", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parse_Alias_RepeatsTheValue()
    {
        ConfigNode root = ConfigNode.Parse("a: &shared {x: 1}\nb: *shared\n", "x.yaml");

        Assert.Equal(1, root.Section("b").Int32("x", 0));
    }

    [Fact]
    public void Parse_ValueBelowItsKey_ReportsLineOfKey()
    {
        ConfigNode root = ConfigNode.Parse("a: 1\nb:\n\n  text\n", "x.yaml");

        Assert.StartsWith("x.yaml:2: b: ", Assert.Throws<ConfigException>(() => root.Int32("b", 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_MissingFile_Throws()
    {
        string path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName(), "none.yaml");

        string message = Assert.Throws<ConfigException>(() => ConfigNode.Load(path)).Message;

        Assert.Equal($"{path}:1: file not found; valid: a readable YAML file", message);
    }

    [Fact]
    public void Load_Directory_Throws()
        => Assert.StartsWith(Path.GetTempPath() + ":1: ", Assert.Throws<ConfigException>(() => ConfigNode.Load(Path.GetTempPath())).Message, StringComparison.Ordinal);

    private static void AssertError(string message, string yaml)
        => Assert.Equal(message, Assert.Throws<ConfigException>(() => ConfigNode.Parse(yaml, "x.yaml")).Message);
}
