using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Configuration;

public sealed class ConfigOverridesTests
{
    private const string Yaml = "model:\n  name: din\n  hidden_units: [8, 4]\ntrain: {batch_size: 64}\n";

    [Fact]
    public void Parse_ExistingKey_IsReplaced()
    {
        ConfigNode root = Parse("train.batch_size=1024", "model.hidden_units=[400, 200]");

        Assert.Equal(1024, root.Section("train").Int32("batch_size", 0));
        Assert.Equal([400, 200], root.Section("model").Int32List("hidden_units", []));
        Assert.Equal("din", root.Section("model").String("name"));
    }

    [Fact]
    public void Parse_MissingKeys_AreCreated()
    {
        ConfigNode root = Parse("train.early_stopping.patience=3", "model.attention={units: 16}");

        Assert.Equal(3, root.Section("train").Section("early_stopping").Int32("patience", 0));
        Assert.Equal(16, root.Section("model").Section("attention").Int32("units", 0));
        Assert.Equal(64, root.Section("train").Int32("batch_size", 0));
    }

    [Fact]
    public void Parse_EmptyValue_UnsetsTheKey() => Assert.Equal(7, Parse("train.batch_size=").Section("train").Int32("batch_size", 7));

    [Fact]
    public void Parse_SameKeyTwice_LastWins() => Assert.Equal(2, Parse("train.epochs=1", "train.epochs=2").Section("train").Int32("epochs", 0));

    [Fact]
    public void Parse_ValueWithEqualsSign_KeepsIt() => Assert.Equal("a=b", Parse("train.note=a=b").Section("train").String("note"));

    [Fact]
    public void Int32_WrongOverride_NamesTheOption()
    {
        ConfigNode train = Parse("train.batch_size=abc").Section("train");

        AssertError("--set: train.batch_size: 'abc' is not a whole number; valid: 1 … 9", () => train.Int32("batch_size", 1, 1, 9));
    }

    [Fact]
    public void ThrowOnUnknownKeys_MisspeltOverride_NamesTheOption()
    {
        ConfigNode root = Parse("train.batchsize=2");
        root.Section("model").Strings("hidden_units");
        root.Section("model").String("name");
        root.Section("train").Int32("batch_size", 1);

        AssertError("--set: train.batchsize: unknown key; did you mean 'batch_size'? valid: batch_size", root.ThrowOnUnknownKeys);
    }

    [Theory]
    [InlineData("train.batch_size")]
    [InlineData("=1")]
    [InlineData("train..x=1")]
    [InlineData(".x=1")]
    [InlineData("")]
    public void Parse_NoSetting_Throws(string setting)
        => AssertError($"--set: '{setting}' is not a setting; valid: key.path=value, such as train.batch_size=1024", () => Parse(setting));

    [Theory]
    [InlineData("model.name.x=1", "model.name: is a single value (x.yaml:2), so 'x' cannot be set in it; valid: model.name=value")]
    [InlineData("model.hidden_units.0=1", "model.hidden_units: is a list (x.yaml:3), so '0' cannot be set in it; valid: model.hidden_units=value")]
    public void Parse_PathThroughAValue_Throws(string setting, string problem) => AssertError($"--set: {problem}", () => Parse(setting));

    [Fact]
    public void Parse_ValueIsNoYaml_Throws()
        => Assert.StartsWith("--set: not valid YAML: ", Assert.Throws<ConfigException>(() => Parse("train.x=[1")).Message, StringComparison.Ordinal);

    private static ConfigNode Parse(params string[] overrides) => ConfigNode.Parse(Yaml, "x.yaml", overrides);

    private static void AssertError(string message, Action action) => Assert.Equal(message, Assert.Throws<ConfigException>(action).Message);
}
