using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Configuration;

public sealed class ConfigExperimentsTests : IDisposable
{
    private const string Yaml = """
        base:
          model: {name: din, hidden_units: [8, 4]}
          train:
            epochs: 1
            seed: 2026
        experiments:
          small:
            train: {epochs: 2}
          wide:
            model: {hidden_units: [64]}
            train:
              epochs: many
          plain:
        """;

    private readonly string _path = Path.Combine(Path.GetTempPath(), Path.GetRandomFileName() + ".yaml");

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void Load_Experiment_MergesDeepOverBase()
    {
        ConfigNode root = Load(Yaml, "small");

        Assert.Equal(2, root.Section("train").Int32("epochs", 0));
        Assert.Equal(2026, root.Section("train").Int32("seed", 0));
        Assert.Equal("din", root.Section("model").String("name"));
        Assert.Equal(["model", "train"], root.Keys);
    }

    [Fact]
    public void Load_Experiment_ReplacesListsAndReportsItsOwnLines()
    {
        ConfigNode root = Load(Yaml, "wide");

        Assert.Equal([64], root.Section("model").Int32List("hidden_units", []));
        AssertError($"{_path}:12: train.epochs: 'many' is not a whole number; valid: 1 … 9", () => root.Section("train").Int32("epochs", 1, 1, 9));
    }

    [Fact]
    public void Load_EmptyExperiment_IsTheBase() => Assert.Equal(1, Load(Yaml, "plain").Section("train").Int32("epochs", 0));

    [Fact]
    public void Load_Overrides_GoOnTopOfTheExperiment()
    {
        File.WriteAllText(_path, Yaml);

        Assert.Equal(9, ConfigNode.Load(_path, ["train.epochs=9"], "small").Section("train").Int32("epochs", 0));
    }

    [Fact]
    public void Load_NoBase_IsTheExperimentAlone()
        => Assert.Equal(3, Load("experiments: {only: {train: {epochs: 3}}}", "only").Section("train").Int32("epochs", 0));

    [Fact]
    public void Load_NoExperimentNamed_ListsTheNames()
        => AssertError($"{_path}:6: experiments: the file has several experiments and none was named; valid: small, wide, plain", () => Load(Yaml, null));

    [Fact]
    public void Load_UnknownExperiment_ListsTheNames()
        => AssertError($"{_path}:6: experiments: there is no experiment 'tiny'; valid: small, wide, plain", () => Load(Yaml, "tiny"));

    [Fact]
    public void Load_FileWithoutExperiments_TakesNoName()
        => AssertError($"{_path}:1: there is no experiment 'small': the file has no 'experiments:' block; valid: no experiment name", () => Load("train: {}", "small"));

    [Fact]
    public void Load_KeyBesideExperiments_Throws()
        => AssertError($"{_path}:2: train: stands beside 'experiments:'; valid: below 'base:' or in an experiment", () => Load("experiments: {a: {}}\ntrain: {}", "a"));

    [Theory]
    [InlineData("experiments: [a]", "experiments: is a list")]
    [InlineData("experiments: {a: 1}", "experiments.a: is a single value")]
    [InlineData("experiments: {a: {}}\nbase: [1]", "base: is a list")]
    public void Load_BlockIsNoSection_Throws(string yaml, string problem)
        => Assert.EndsWith($"{problem}; valid: a section", Assert.Throws<ConfigException>(() => Load(yaml, "a")).Message, StringComparison.Ordinal);

    private ConfigNode Load(string yaml, string? experiment)
    {
        File.WriteAllText(_path, yaml);
        return ConfigNode.Load(_path, experiment: experiment);
    }

    private static void AssertError(string message, Action action) => Assert.Equal(message, Assert.Throws<ConfigException>(action).Message);
}
