namespace RecSys.Data.Tests.Ingest;

public sealed class FeatureSqlTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void LogSquaredBucket_FollowsTheRuleOfCriteo()
    {
        double?[] values = [null, -3, -1, 0, 1, 2, 3, 10, 1000, 1e6];
        string[] expected = [.. values.Select(v => v is null ? "" : v > 2 ? ((long)Math.Floor(Math.Pow(Math.Log(v.Value), 2))).ToString() : ((long)Math.Floor(v.Value)).ToString())];
        PreparedDataset dataset = Run(values, "{name: x, transform: log_squared_bucket}");

        Vocabulary vocabulary = dataset.Vocabulary("x");
        Assert.Equal(expected, ById(dataset, "x").Select(id => vocabulary.ValueOf(int.Parse(id)) ?? ""));
        Assert.Equal(["", "-3", "-1", "0", "1", "2", "1", "5", "47", "190"], expected);
    }

    [Fact]
    public void QuantileBucket_CutsAtQuantilesOfTheTrainRows()
    {
        double?[] values = [.. Enumerable.Range(1, 100).Select(i => (double?)i)];
        PreparedDataset dataset = Run(values, "{name: x, transform: quantile_bucket, buckets: 4}");

        Assert.Equal([25.75, 50.5, 75.25], dataset.Schema.Features[1].Parameters);
        Vocabulary vocabulary = dataset.Vocabulary("x");
        Assert.Equal(values.Select(v => v <= 25.75 ? "0" : v <= 50.5 ? "1" : v <= 75.25 ? "2" : "3"), ById(dataset, "x").Select(id => vocabulary.ValueOf(int.Parse(id))));
    }

    [Fact]
    public void Log1p_NegativeAndMissing_BecomeZero()
        => Assert.Equal([0, 0, 0, MathF.Log(2), MathF.Log(101)], Numbers([null, -5, 0, 1, 100], "log1p"), Near);

    [Fact]
    public void Standard_HasMeanZeroAndDeviationOne()
        => Assert.Equal([0, -1.2247449f, 0, 1.2247449f], Numbers([null, 2, 4, 6], "standard"), Near);

    [Fact]
    public void MinMax_OneValueOnly_GivesZero()
        => Assert.Equal([0, 0], Numbers([3, 3], "minmax"), Near);

    [Fact]
    public void None_NotFinite_CountsAsMissing()
        => Assert.Equal([0, 1.5f], Numbers([double.PositiveInfinity, 1.5], "none"), Near);

    private static bool Near(float expected, float actual) => Math.Abs(expected - actual) < 1e-5f;

    private float[] Numbers(double?[] values, string transform)
        => [.. ById(Run(values, $"{{name: x, type: numeric, transform: {transform}}}"), "x").Select(text => float.Parse(text, System.Globalization.CultureInfo.InvariantCulture))];

    private static IEnumerable<string> ById(PreparedDataset dataset, string column)
        => Prepared.Rows(dataset, DataSplit.Train, $"row, {column}").OrderBy(row => (int)float.Parse(row.Split(' ')[0], System.Globalization.CultureInfo.InvariantCulture)).Select(row => row.Split(' ')[1]);

    private PreparedDataset Run(double?[] values, string feature)
    {
        string rows = string.Concat(values.Select((value, row) => FormattableString.Invariant($"{row},{value},1\n")));
        _folder.Write("events.csv", "row,x,label\n" + rows.Replace("Infinity", "inf", StringComparison.Ordinal));
        return Prepared.Run(
            _folder,
            $$$"""
            name: numbers
            sources: {events: {path: events.csv}}
            features:
              - {name: row, type: numeric}
              - {{{feature}}}
            split: {by: random, validation: 0, test: 0}
            """);
    }
}
