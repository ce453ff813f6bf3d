using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Configuration;

public sealed class ConfigNodeTests
{
    private const string Yaml = """
        dataset:
          path: prepared/ml-1m
          label: label
        train:
          batch_size: 4096
          seed:
        features:
          - {name: user_id, dimension: 8}
          - {name: item_id}
        fields:
          item_id: {method: qr}
          tags:
        """;

    [Fact]
    public void Section_Present_KnowsPathAndKeys()
    {
        ConfigNode dataset = Parse(Yaml).Section("dataset");

        Assert.Equal("dataset", dataset.Path);
        Assert.Equal("x.yaml", dataset.Source);
        Assert.Equal(["path", "label"], dataset.Keys);
    }

    [Fact]
    public void Section_Absent_IsEmpty()
    {
        ConfigNode cluster = Parse(Yaml).Section("cluster").Section("nodes");

        Assert.Empty(cluster.Keys);
        Assert.Equal("cluster.nodes", cluster.Path);
        Assert.Equal(3, cluster.Int32("count", 3));
    }

    [Fact]
    public void Section_SingleValue_Throws()
    {
        ConfigNode root = Parse("a: 1\nmodel: din");

        AssertError("x.yaml:2: model: is a single value; valid: a section of 'key: value' lines", () => root.Section("model"));
    }

    [Fact]
    public void Has_AbsentEmptyAndPresent_TellsWhetherThereIsAValue()
    {
        ConfigNode train = Parse(Yaml).Section("train");

        Assert.True(train.Has("batch_size"));
        Assert.False(train.Has("seed"));
        Assert.False(train.Has("epochs"));
    }

    [Fact]
    public void Sections_ListOfSections_AreNumbered()
    {
        IReadOnlyList<ConfigNode> features = Parse(Yaml).Sections("features");

        Assert.Equal(["features[0]", "features[1]"], features.Select(feature => feature.Path));
        Assert.Equal([8, 16], features.Select(feature => feature.Int32("dimension", 16)));
        Assert.Empty(Parse(Yaml).Sections("absent"));
    }

    [Theory]
    [InlineData("features: {a: 1}", "is a section")]
    [InlineData("features: [a, b]", "is a list of single values")]
    [InlineData("features: a", "is a single value")]
    public void Sections_SomethingElse_Throws(string yaml, string problem)
        => AssertError($"x.yaml:1: features: {problem}; valid: a list of sections", () => Parse(yaml).Sections("features"));

    [Fact]
    public void NamedSections_EmptyEntry_IsEmptySection()
    {
        IReadOnlyDictionary<string, ConfigNode> fields = Parse(Yaml).NamedSections("fields");

        Assert.Equal(["item_id", "tags"], fields.Keys);
        Assert.Equal("qr", fields["item_id"].String("method"));
        Assert.Empty(fields["tags"].Keys);
    }

    [Fact]
    public void Error_KeyPresent_NamesItsLine()
    {
        ConfigNode train = Parse(Yaml).Section("train");

        Assert.Equal("x.yaml:5: train.batch_size: is odd; valid: even", train.Error("batch_size", "is odd; valid: even").Message);
    }

    [Fact]
    public void Error_KeyAbsent_NamesLineOfSection()
    {
        ConfigNode root = Parse(Yaml);

        Assert.Equal("x.yaml:4: train.epochs: is missing", root.Section("train").Error("epochs", "is missing").Message);
        Assert.Equal("x.yaml:4: train: too small", root.Section("train").Error("", "too small").Message);
        Assert.Equal("x.yaml:1: nothing to do", root.Error("", "nothing to do").Message);
    }

    [Fact]
    public void ThrowOnUnknownKeys_EverythingAskedFor_Passes()
    {
        ConfigNode root = Parse(Yaml);
        root.Section("dataset").Scalars();
        ConfigNode train = root.Section("train");
        train.Int32("batch_size", 0);
        train.Int32("seed", 0);
        foreach (ConfigNode feature in root.Sections("features"))
        {
            feature.String("name");
            feature.Int32("dimension", 0);
        }

        foreach (ConfigNode field in root.NamedSections("fields").Values)
            field.OptionalString("method");

        root.ThrowOnUnknownKeys();
    }

    [Fact]
    public void ThrowOnUnknownKeys_MisspeltKey_NamesNearestAskedFor()
    {
        ConfigNode root = Parse("model: {name: din}\ntrain:\n  epochs: 1\n  batchsize: 64\n");
        root.Section("model").String("name");
        ConfigNode train = root.Section("train");
        train.Int32("epochs", 1);
        train.Int32("batch_size", 1);

        AssertError("x.yaml:4: train.batchsize: unknown key; did you mean 'batch_size'? valid: batch_size, epochs", root.ThrowOnUnknownKeys);
    }

    [Fact]
    public void ThrowOnUnknownKeys_ItemOfList_NamesIndex()
    {
        ConfigNode root = Parse("features:\n  - name: a\n  - name: b\n    dimensions: 4\n");
        foreach (ConfigNode feature in root.Sections("features"))
        {
            feature.String("name");
            feature.Int32("dimension", 16);
        }

        AssertError("x.yaml:4: features[1].dimensions: unknown key; did you mean 'dimension'? valid: dimension, name", root.ThrowOnUnknownKeys);
    }

    [Fact]
    public void ThrowOnUnknownKeys_SectionOnlyTestedForPresence_RejectsItsContent()
    {
        ConfigNode root = Parse("cluster: {nodes: [a]}");
        root.Has("cluster");

        AssertError("x.yaml:1: cluster.nodes: unknown key; valid: no key is read here", root.ThrowOnUnknownKeys);
    }

    [Fact]
    public void ThrowOnUnknownKeys_EmptyUnknownKey_Throws()
        => AssertError("x.yaml:1: seeds: unknown key; valid: no key is read here", Parse("seeds:").ThrowOnUnknownKeys);

    [Fact]
    public void Section_ReadTwice_RemembersWhatWasAsked()
    {
        ConfigNode root = Parse("train: {epochs: 1, seed: 2}");
        root.Section("train").Int32("epochs", 0);
        root.Section("train").Int32("seed", 0);

        root.ThrowOnUnknownKeys();
    }

    private static ConfigNode Parse(string yaml) => ConfigNode.Parse(yaml, "x.yaml");

    private static void AssertError(string message, Action action) => Assert.Equal(message, Assert.Throws<ConfigException>(action).Message);
}
