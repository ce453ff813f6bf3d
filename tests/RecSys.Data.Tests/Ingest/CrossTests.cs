using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Ingest;

public sealed class CrossTests : IDisposable
{
    private const string Config = """
        name: crosses
        sources: {log: {path: log.csv}}
        label: {column: y}
        features:
          - {name: a, min_count: 2}
          - {name: b}
          - {name: c}
          - {name: x, type: numeric}
        crosses:
          - {features: [a, b], min_count: 3}
          - {features: [b, c]}
        split: {by: random, validation: 0.2, test: 0.1}
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // Ids from 1 on, by falling number of train rows; a pair of which a value has no id of its own is unknown.
    [Fact]
    public void Prepare_Crosses_AreNumberedByTheirTrainRows()
    {
        PreparedDataset data = Prepare(Config);
        string[][] train = [.. Prepared.Rows(data, DataSplit.Train, "a, b, c, \"a.b\", \"b.c\"").Select(row => row.Split(' '))];

        AssertNumbered(data, train, first: 0, second: 1, cross: 3, minCount: 3);
        AssertNumbered(data, train, first: 1, second: 2, cross: 4, minCount: 1);
        Assert.Equal(["a", "b", "c", "x", "a.b", "b.c"], data.Schema.Features.Select(f => f.Name));
        Assert.Equal(["a", "b"], data.Schema.Features[4].Cross);
    }

    [Fact]
    public void Prepare_CrossesOfAll_HaveEveryPair()
    {
        PreparedDataset data = Prepare(Config[..Config.IndexOf("crosses:", StringComparison.Ordinal)] + "crosses: [{}]\n");

        Assert.Equal(["a.b", "a.c", "b.c"], data.Schema.Features.Where(f => f.Cross.Count > 0).Select(f => f.Name));
        Assert.Equal(["a", "b", "c", "x"], data.Schema.GivenFeatures.Select(f => f.Name));
    }

    [Theory]
    [InlineData("{features: [a, x]}", "'x' is not a categorical feature")]
    [InlineData("{features: [a]}", "two categorical features")]
    [InlineData("{features: [a, b]}, {features: [b, a], min_count: 2}, {features: [a, b]}", "'a.b' names two features")]
    [InlineData("{feature: [a, b]}", "unknown key")]
    public void Prepare_WrongCrosses_SaysWhatIsValid(string crosses, string message)
    {
        var error = Assert.Throws<ConfigException>(() => Prepare(Config[..Config.IndexOf("crosses:", StringComparison.Ordinal)] + $"crosses: [{crosses}]\n"));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    private static void AssertNumbered(PreparedDataset data, string[][] rows, int first, int second, int cross, int minCount)
    {
        string[] known = [.. rows.Where(r => r[first] != "0" && r[second] != "0").GroupBy(r => $"{r[first]}.{r[second]}").Where(g => g.Count() >= minCount)
            .OrderByDescending(g => g.Count()).ThenBy(g => g.Key, StringComparer.Ordinal).Select(g => g.Key)];

        Assert.NotEmpty(known);
        Assert.Equal(1 + known.Length, data.Schema.Vocabularies[data.Schema.Features[cross + 1].Field]);
        Assert.All(rows, r => Assert.Equal($"{1 + Array.IndexOf(known, $"{r[first]}.{r[second]}")}", r[cross]));
    }

    private PreparedDataset Prepare(string config)
    {
        var random = new Random(5);
        File.WriteAllLines(
            _folder.File("log.csv"),
            ["a,b,c,x,y", .. Enumerable.Range(0, 600).Select(i => $"{(random.Next(9) == 0 ? "" : $"a{random.Next(30)}")},b{(int)(6 * Math.Pow(random.NextDouble(), 2))},c{random.Next(4)},{i},{i % 2}")]);
        return Prepared.Run(_folder, config);
    }
}
