using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Configuration;

public sealed class ConfigWriterTests
{
    [Fact]
    public void ToYaml_ResolvedConfiguration_IsBlocksWithShortLists()
    {
        ConfigNode root = ConfigNode.Parse("model: {name: din, hidden_units: [8, 4]}\nfeatures: [{name: a}]\nseed:\n", "x.yaml", ["train.epochs=3", "model.note=\"007\""]);

        Assert.Equal(
            """
            model:
              name: din
              hidden_units: [8, 4]
              note: "007"
            features:
            - name: a
            seed: null
            train:
              epochs: 3

            """,
            root.ToYaml());
    }

    [Theory]
    [InlineData("a: \"null\"\nb: \"\"\nc: \"x: # y\"\nd: 'it''s'\n")]
    [InlineData("a: {b: {c: [1, [2, 3]]}}\n")]
    [InlineData("a: |\n  two\n  lines\n")]
    [InlineData("a: []\nb: {}\n")]
    public void ToYaml_ParsedAgain_IsTheSame(string yaml)
    {
        string once = ConfigNode.Parse(yaml, "x.yaml").ToYaml();
        ConfigNode again = ConfigNode.Parse(once, "again.yaml");

        Assert.Equal(once, again.ToYaml());
        Assert.Equal(ConfigNode.Parse(yaml, "x.yaml").Keys, again.Keys);
        foreach ((string key, string text) in ConfigNode.Parse(yaml, "x.yaml").Scalars())
            Assert.Equal(text, again.String(key));
    }

    [Fact]
    public void ToYaml_Section_IsItsContent() => Assert.Equal("name: din\n", ConfigNode.Parse("model: {name: din}", "x.yaml").Section("model").ToYaml());

    [Fact]
    public void ToYaml_AbsentSection_IsEmptyMapping() => Assert.Equal("{}\n", ConfigNode.Parse("a: 1", "x.yaml").Section("b").ToYaml());
}
