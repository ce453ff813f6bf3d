using RecSys.Cli.Studies;
using RecSys.Data;
using RecSys.Data.Configuration;

namespace RecSys.Cli.Tests.Studies;

public sealed class StudyConfigTests : IDisposable
{
    private const string Text = """
        seeds: [1, 2]
        tune: {sparse_optimizer.learning_rate: [0.02, 0.1], sparse_optimizer.l2: [0, 0.001]}
        base:
          embedding: {dimension: 8}
          train: {epochs: 3}
        datasets:
          one: {slices: item, dataset: {path: prepared/one}}
          two: {tune: {train.seed: 3}, dataset: {path: prepared/two}, train: {epochs: 5}}
        models:
          fm: {model: {name: fm}}
          wide: {model: {name: fm}, embedding: {dimension: 32}}
        grid:
        - {methods: [full]}
        - {methods: [hash, {name: qr, combine: add}], budgets: [0.1, 1kB], datasets: [one], models: [fm]}
        small:
          seeds: [7]
          base: {train: {max_steps: 5}}
          grid: [{methods: [hash], budgets: [0.5], datasets: [two]}]
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-study-test-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Points_AreTheProductsOfTheGrid()
    {
        var study = Load(Text);

        Assert.Equal(
            [
                "one-fm/full-1", "one-wide/full-1", "two-fm/full-1", "two-wide/full-1",
                "one-fm/hash-0.1", "one-fm/qr-combine=add-0.1", "one-fm/hash-1kB", "one-fm/qr-combine=add-1kB",
            ],
            study.Points().Select(p => p.Name));
        Assert.Equal([1, 2], study.Seeds);
        Assert.Equal(4, study.Datasets["one"].Settings.Count);
        Assert.Equal(["sparse_optimizer.learning_rate=0.02", "sparse_optimizer.l2=0.001"], study.Datasets["one"].Settings[1]);
        Assert.Equal([["train.seed=3"]], study.Datasets["two"].Settings);
        Assert.Equal("item", study.Datasets["one"].SliceBy);
    }

    [Fact]
    public void Config_IsThatOfBaseDatasetModelAndPoint()
    {
        var study = Load(Text);

        var config = study.Config(study.Points().Single(p => p.Name == "two-wide/full-1"));
        var hashed = study.Config(study.Points().Single(p => p.Name == "one-fm/qr-combine=add-0.1"));

        Assert.Equal(("prepared/two", 5, 32, "full"), (config.Dataset.Path, config.Train.Epochs, config.Embedding.Dimension, config.Embedding.Method.Label));
        Assert.Equal(("prepared/one", 3, 8, "qr (combine: add)"), (hashed.Dataset.Path, hashed.Train.Epochs, hashed.Embedding.Dimension, hashed.Embedding.Method.Label));
    }

    [Fact]
    public void Load_Small_TakesWhatIsBelowItInstead()
    {
        var study = Load(Text, small: true);

        Assert.Equal([7], study.Seeds);
        Assert.Equal(["two-fm/hash-0.5", "two-wide/hash-0.5"], study.Points().Select(p => p.Name));
        var train = study.Config(study.Points()[0]).Train;
        Assert.Equal((5, 5), (train.MaxSteps, train.Epochs));
        Assert.EndsWith("-small", study.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_Data_TakesItInsteadOfTheStudys()
    {
        File.WriteAllText(Path.Combine(_folder, "study.yaml"), Text);

        var study = StudyConfig.Load(Path.Combine(_folder, "study.yaml"), data: "criteo");

        Assert.Equal(["criteo-fm/full-1", "criteo-wide/full-1", "criteo-fm/hash-0.1", "criteo-fm/qr-combine=add-0.1", "criteo-fm/hash-1kB", "criteo-fm/qr-combine=add-1kB"], study.Points().Select(p => p.Name));
        Assert.Equal(("prepared/criteo", 3), (study.Config(study.Points()[0]).Dataset.Path, study.Config(study.Points()[0]).Train.Epochs));
        Assert.EndsWith("-criteo", study.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void Points_AfterTraining_BringWhatIsTrainedForThem()
    {
        var study = Load(Grid("- {compress: [{name: dpq, codewords: 16}], budgets: [0.1], precisions: [fp32]}\n- {methods: [hash], budgets: [0.1], round: [int4]}"));

        var points = study.Points().Where(p => p.Dataset == "one" && p.Model == "fm").ToList();

        Assert.Equal(
            ["one-fm/after-training-dpq-codewords=16-0.1", "one-fm/after-training-hash-0.1-int4", "one-fm/full-1", "one-fm/hash-0.1-name=fp32,sized_for=int4"],
            points.Select(p => p.Name));
        Assert.Equal([false, false, true, true], points.Select(p => p.IsHidden));
        Assert.Equal(["compress", "from", "--out", "to", "--method", "dpq", "--budget", "0.1", "--set", "embedding.method.codewords=16"], points[0].CompressArgs("from", "to"));
        Assert.Equal(["compress", "from", "--out", "to", "--precision", "int4"], points[1].CompressArgs("from", "to"));
        Assert.Equal(points[3].At(1000).Name, points[1].At(1000).Base!.Name);
        Assert.Equal(["embedding.method={name: hash, budget: 0.1}", "embedding.precision={name: fp32, sized_for: int4}"], points[3].Settings);
    }

    [Fact]
    public void Points_All_IsEveryMethodButFull()
    {
        string[] names = [.. Load(Grid("- {methods: all, budgets: [0.1]}")).Points().Select(p => p.MethodName).Distinct()];

        Assert.Contains("robe", names);
        Assert.DoesNotContain("full", names);
    }

    [Fact]
    public void HashOf_DependsOnWhatTheRunsDependOn()
    {
        string[] hashes =
        [
            .. new[]
            {
                Text,
                Text.Replace("epochs: 3", "epochs: 4", StringComparison.Ordinal),
                Text.Replace("[0.02, 0.1]", "[0.02, 0.2]", StringComparison.Ordinal),
                Text.Replace("seeds: [1, 2]", "seeds: [1, 2]\nthreads: 2", StringComparison.Ordinal),
            }.Select(text => HashOfFirst(Load(text))),
        ];

        Assert.Equal(hashes.Length, hashes.Distinct().Count());
        Assert.Equal(hashes[0], HashOfFirst(Load(Text.Replace("seeds: [1, 2]", "seeds: [1, 2, 3]", StringComparison.Ordinal))));
    }

    [Fact]
    public void HashOf_DependsOnTheDataAsPrepared()
    {
        var schema = new DataSchema { Config = "seed: 1", RowCounts = Rows(8), Vocabularies = Ids(3) };

        DataSchema[] others = [schema with { Config = "seed: 2" }, schema with { RowCounts = Rows(9) }, schema with { Vocabularies = Ids(4) }];

        var study = Load(Text);
        Assert.Equal(4, others.Append(schema).Select(s => study.HashOf(study.Points()[0], s)).Distinct().Count());

        static Dictionary<DataSplit, long> Rows(long count) => new() { [DataSplit.Train] = count };
        static Dictionary<string, long> Ids(long count) => new() { ["user"] = count };
    }

    [Theory]
    [InlineData("grid:", "grids:", "unknown key; did you mean 'grid'?")]
    [InlineData("datasets: [one]", "datasets: [three]", "'three' is not one of the study's; valid: one, two")]
    [InlineData("{methods: [full]}", "{budgets: [0.1]}", "has to have one of 'methods'")]
    [InlineData("{methods: [full]}", "{methods: [full], compress: [dpq]}", "has to have one of 'methods'")]
    [InlineData("{methods: [full]}", "{methods: [full], budget: [0.1]}", "did you mean 'budgets'?")]
    [InlineData("methods: [hash, {name: qr", "methods: [hsh, {name: qr", "'hsh' is none of these methods; did you mean 'hash'?")]
    [InlineData("{methods: [full]}", "{compress: [hash]}", "'hash' is none of these methods")]
    [InlineData("models:\n  fm", "model:\n  fm", "unknown key; did you mean 'models'?")]
    public void Load_WrongKey_SaysWhatIsValid(string old, string replacement, string message)
    {
        string text = Text.ReplaceLineEndings("\n");
        Assert.Contains(old, text, StringComparison.Ordinal);

        var error = Assert.Throws<ConfigException>(() => Load(text.Replace(old, replacement, StringComparison.Ordinal)));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.Contains("study.yaml:", error.Message, StringComparison.Ordinal);
    }

    private static string HashOfFirst(StudyConfig study) => study.HashOf(study.Points()[0], new DataSchema());

    private static string Grid(string items) => $"{Text[..Text.IndexOf("grid:", StringComparison.Ordinal)]}grid:\n{items}\n";

    private StudyConfig Load(string text, bool small = false)
    {
        string path = Path.Combine(_folder, "study.yaml");
        File.WriteAllText(path, text);
        return StudyConfig.Load(path, small);
    }
}
