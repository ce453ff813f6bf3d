using System.Globalization;
using RecSys.Data.Configuration;
using RecSys.Data.Interop;

namespace RecSys.Data.Tests;

public sealed class SyntheticDatasetTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Write_SmallDemo_IsAPreparedDatasetWithItsRateAndHistories()
    {
        SyntheticOptions options = SyntheticOptions.Demo(20_000);

        PreparationSummary summary = SyntheticDataset.Write(options, _folder.File("out"));

        DataSchema schema = summary.Schema;
        Assert.Equal((16_000, 2_000, 2_000), (schema.RowCount(DataSplit.Train), schema.RowCount(DataSplit.Validation), schema.RowCount(DataSplit.Test)));
        Assert.Equal(options.Rate, schema.BaseRate, 0.02);
        Assert.Equal(["item_history", "category_history"], schema.Features.Where(feature => feature.Kind == FeatureKind.Sequence).Select(feature => feature.Name));
        Assert.Equal("user", schema.Group);
        Assert.InRange(schema.BestKnown!.Auc, 0.75, 0.95);
        Assert.InRange(schema.BestKnown.LogLoss, 0.2, 0.5);
        Assert.Equal(["out"], Directory.EnumerateFileSystemEntries(_folder.Path).Select(Path.GetFileName));
    }

    [Theory]
    [InlineData("shape: criteo, ids: 5000", 39)]
    [InlineData("shape: shop, ids: 5000", 10)]
    [InlineData("shape: long_histories", 3)]
    [InlineData("shape: fields, ids: 5000, fields: 6", 6)]
    [InlineData("shape: drift, ids: 5000", 7)]
    [InlineData("shape: demo", 10)]
    public void Run_ConfigurationOfAShape_MakesItsEvents(string shape, int featureCount)
    {
        var config = ConfigNode.Parse($"{{name: made, seed: 3, min_count: 2, synthetic: {{{shape}, rows: 1000}}}}", "test");

        PreparationSummary summary = Preparation.Run(config, _folder.File("out"));

        Assert.Equal("made", summary.Schema.Name);
        Assert.Equal(featureCount, summary.Schema.Features.Count);
        Assert.Equal(1000, summary.Schema.RowCounts.Values.Sum());
        Assert.NotNull(summary.Schema.BestKnown);
    }

    [Theory]
    [InlineData("{name: made, synthetic: {shape: cube}}", "criteo, shop, pairs, long_histories, fields, drift, demo")]
    [InlineData("{name: made, synthetic: {rows: 3}}", "rows")]
    [InlineData("{name: made, synthetic: {}, label: {column: x}}", "label: unknown key")]
    public void Run_WrongConfiguration_SaysWhatIsValid(string yaml, string message)
    {
        var error = Assert.Throws<ConfigException>(() => Preparation.Run(ConfigNode.Parse(yaml, "test"), _folder.File("out")));

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    [Fact]
    public void WriteRaw_BestKnown_IsWhatItsProbabilitiesScoreOnTheLastRows()
    {
        string file = _folder.File("raw.parquet");

        BestKnown best = SyntheticDataset.WriteRaw(Small(), file);

        // The same AUC from ranks, in SQL.
        using DuckDatabase database = DuckDatabase.Open();
        double auc = database.Scalar<double>(
            """
            SELECT (sum(rank) FILTER (label = 1) - sum(label) * (sum(label) + 1) / 2) / (sum(label) * (count(*) - sum(label)))
            FROM (SELECT label::DOUBLE AS label, avg(number) OVER (PARTITION BY true_probability) AS rank
                  FROM (SELECT *, row_number() OVER (ORDER BY true_probability) AS number FROM read_parquet(?) WHERE time >= 3600))
            """,
            file)!.Value;
        Assert.Equal(auc, best.Auc, 9);
        Assert.True(best.Auc > 0.7);
    }

    [Fact]
    public void WriteRaw_Labels_FollowTheirProbabilities()
    {
        string file = _folder.File("raw.parquet");
        SyntheticDataset.WriteRaw(Small() with { RowCount = 40_000 }, file);

        foreach (string row in Prepared.Query($"SELECT concat_ws(' ', avg(true_probability), avg(label), count(*)) FROM read_parquet('{file}') GROUP BY (true_probability * 5)::INTEGER"))
        {
            double[] values = [.. row.Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
            Assert.Equal(values[0], values[1], 4 * Math.Sqrt(0.25 / values[2]));
        }
    }

    [Fact]
    public void WriteRaw_Seeds_DecideEverything()
    {
        SyntheticDataset.WriteRaw(Small(), _folder.File("a.parquet"));
        SyntheticDataset.WriteRaw(Small(), _folder.File("b.parquet"));
        SyntheticDataset.WriteRaw(Small() with { Seed = 7 }, _folder.File("c.parquet"));

        byte[] first = File.ReadAllBytes(_folder.File("a.parquet"));
        Assert.Equal(first, File.ReadAllBytes(_folder.File("b.parquet")));
        Assert.NotEqual(first, File.ReadAllBytes(_folder.File("c.parquet")));
    }

    [Fact]
    public void WriteRaw_Churn_BringsNewIdsOverTime()
    {
        string file = _folder.File("raw.parquet");
        SyntheticDataset.WriteRaw(Small() with { Fields = [new("a", 100, 1) { Churn = 1 }, new("b", 10, 0)], Pairs = [] }, file);

        // 100 ids are alive at a time: at first the upper half of all 200, at the end the lower half.
        Assert.Equal(["true true"], Prepared.Query($"SELECT concat_ws(' ', min(a) FILTER (time < 20) >= 100, max(a) FILTER (time >= 3990) <= 100) FROM read_parquet('{file}')"));
    }

    // Rows are numbered by their time, so the first of them say what a vocabulary of that time knows.
    [Fact]
    public void Write_VocabularyShare_KnowsTheIdsOfTheEarliestTrainRowsAlone()
    {
        SyntheticOptions options = SyntheticOptions.Drift(4000, 1000) with { VocabularyShare = 0.25 };
        string file = _folder.File("raw.parquet");
        SyntheticDataset.WriteRaw(options, file);

        SyntheticDataset.Write(options, _folder.File("early"));

        string[] early = Prepared.Query($"SELECT value FROM read_parquet('{_folder.File("early/vocabulary/item.parquet")}') ORDER BY value");
        Assert.Equal(Prepared.Query($"SELECT DISTINCT item::VARCHAR FROM read_parquet('{file}') WHERE time < 800 ORDER BY 1"), early);
        Assert.True(early.Length < int.Parse(Prepared.Query($"SELECT count(DISTINCT item)::VARCHAR FROM read_parquet('{file}') WHERE time < 3200")[0], CultureInfo.InvariantCulture));
    }

    [Fact]
    public void WriteRaw_MatchWithTheHistory_RaisesTheLabel()
    {
        string file = _folder.File("raw.parquet");
        SyntheticDataset.WriteRaw(SyntheticOptions.Demo(30_000), file);

        // Rows whose category the user has seen before, against the others, by a scan of the log itself.
        string[] rates = Prepared.Query(
            $"""
            SELECT concat_ws(' ', is_match, avg(label))
            FROM (SELECT label, count(*) OVER (PARTITION BY "user", category ORDER BY time ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) > 0 AS is_match
                  FROM read_parquet('{file}'))
            GROUP BY is_match ORDER BY is_match
            """);
        double[] values = [.. rates.Select(row => double.Parse(row.Split(' ')[1], CultureInfo.InvariantCulture))];
        Assert.True(values[1] > values[0] + 0.1);
    }

    [Fact]
    public void WriteRaw_SimilarityToTheHistory_IsOfTheLastItemsOfTheCandidatesCategory()
    {
        string file = _folder.File("raw.parquet");
        SyntheticOptions options = Small() with
        {
            RowCount = 20_000,
            Fields = [new("user", 40, 0) { Deviation = 0 }, new("item", 30, 0) { Deviation = 0 }, new("category", 6, 0) { Deviation = 0 }],
            Pairs = [],
            History = new SyntheticHistory(0, 1, 2) { Length = 5, Weight = 0, SimilarityWeight = 2 },
        };
        SyntheticDataset.WriteRaw(options, file);

        // By a scan of the log: with no match the logit is the bias; one match adds the same for the same two items, whichever comes first;
        // two matches add the sum of what each adds alone, divided by √2.
        string[] largest = Prepared.Query(
            $"""
            WITH log AS (SELECT item, ln(true_probability / (1 - true_probability)) AS logit,
                                array_agg(item) OVER (PARTITION BY "user" ORDER BY time ROWS BETWEEN 5 PRECEDING AND 1 PRECEDING) AS seen FROM read_parquet('{file}')),
                 matched AS (SELECT item, logit, coalesce(list_filter(seen, other -> other % 6 = item % 6), []) AS matches FROM log),
                 bias AS (SELECT min(logit) AS low, max(logit) AS high FROM matched WHERE len(matches) = 0),
                 pairs AS (SELECT least(item, matches[1]) AS a, greatest(item, matches[1]) AS b, min(logit) - any_value(bias.low) AS low, max(logit) - any_value(bias.low) AS high
                           FROM matched, bias WHERE len(matches) = 1 GROUP BY ALL),
                 twos AS (SELECT abs(logit - bias.low - (one.low + two.low) / sqrt(2)) AS error
                          FROM matched JOIN bias ON true
                          JOIN pairs one ON one.a = least(item, matches[1]) AND one.b = greatest(item, matches[1])
                          JOIN pairs two ON two.a = least(item, matches[2]) AND two.b = greatest(item, matches[2]) WHERE len(matches) = 2)
            SELECT concat_ws(' ', (SELECT high - low FROM bias), (SELECT max(high - low) FROM pairs), (SELECT max(error) FROM twos), (SELECT stddev(low) FROM pairs), (SELECT count(*) FROM twos))
            """);
        double[] values = [.. largest.Single().Split(' ').Select(text => double.Parse(text, CultureInfo.InvariantCulture))];
        Assert.All(values[..3], error => Assert.InRange(error, 0, 1e-4));
        Assert.InRange(values[3], 0.5, 2);
        Assert.True(values[4] > 1000);
    }

    [Fact]
    public void Criteo_Shape_Has39FieldsAndAboutTheIdsAskedFor()
    {
        SyntheticOptions options = SyntheticOptions.Criteo(1000, 1_000_000);

        Assert.Equal(39, options.Fields.Count);
        Assert.InRange(options.Fields.Sum(field => (long)field.Cardinality), 950_000, 1_050_000);
        Assert.All(options.Fields, field => Assert.True(field.Cardinality >= 2));
        BestKnown best = SyntheticDataset.WriteRaw(options, _folder.File("raw.parquet"));
        Assert.InRange(best.Auc, 0.6, 0.99);
    }

    [Fact]
    public void Write_WrongOptions_NamesThem()
        => Assert.Throws<ArgumentOutOfRangeException>(() => SyntheticDataset.Write(Small() with { Rate = 0 }, _folder.File("out")));

    private static SyntheticOptions Small() => new()
    {
        RowCount = 4000,
        Fields = [new("a", 50, 1), new("b", 40, 0.5), new("c", 10, 0)],
        Pairs = [new(0, 1), new(1, 2, 1.0)],
    };
}
