using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Configuration;

public sealed class ConfigNodeMergeTests
{
    private static readonly ConfigNode s_root = ConfigNode.Parse("a: {x: 1, y: [1, 2]}\nb: 2", "root.yaml");

    [Fact]
    public void With_Section_MergesKeyByKeyAndReplacesTheRest()
    {
        ConfigNode merged = s_root.With(ConfigNode.Parse("a: {y: [3], z: 4}\nc: 5", "other.yaml"));

        Assert.Equal(["a", "b", "c"], merged.Keys);
        Assert.Equal((1, 4, 5), (merged.Section("a").Int32("x", 0), merged.Section("a").Int32("z", 0), merged.Int32("c", 0)));
        Assert.Equal([3], merged.Section("a").Int32List("y", []));
        Assert.Equal([1, 2], s_root.Section("a").Int32List("y", []));
    }

    [Fact]
    public void With_Settings_PutsThemOnTop()
        => Assert.Equal(7, s_root.With(["a.x=7"]).Section("a").Int32("x", 0));

    [Fact]
    public void With_WrongValue_IsReportedWhereItWasWritten()
    {
        ConfigNode merged = s_root.With(ConfigNode.Parse("\nb: two", "other.yaml"));

        var error = Assert.Throws<ConfigException>(() => merged.Int32("b", 0));

        Assert.StartsWith("other.yaml:2: b:", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_LeavesAKeyOut()
    {
        Assert.Equal(["b"], s_root.Without("a").Keys);
        Assert.Equal(["a", "b"], s_root.Without("c").Keys);
    }

    [Fact]
    public void SectionsOrNames_AreSectionsThatHaveAName()
    {
        ConfigNode node = ConfigNode.Parse("list: [hash, {name: qr, combine: add}]\none: hash\nwrong: {a: 1}", "root.yaml");

        Assert.Equal(["hash", "qr"], node.SectionsOrNames("list").Select(s => s.String("name")));
        Assert.Equal("add", node.SectionsOrNames("list")[1].String("combine"));
        Assert.Equal("hash", Assert.Single(node.SectionsOrNames("one")).String("name"));
        Assert.Empty(node.SectionsOrNames("none"));
        Assert.Contains("valid: a list of names or sections", Assert.Throws<ConfigException>(() => node.SectionsOrNames("wrong")).Message, StringComparison.Ordinal);
    }
}
