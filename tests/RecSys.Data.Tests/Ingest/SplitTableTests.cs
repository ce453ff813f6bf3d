using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Ingest;

public sealed class SplitTableTests
{
    // 20 users with 10 events each; user u's event i is at time 100 i + u, and 'number' tells the rows apart.
    private static readonly string s_events = "user,time,number,label\n" + string.Concat(
        Enumerable.Range(0, 200).Select(i => FormattableString.Invariant($"u{i % 20},{100 * (i / 20) + i % 20},{i},{i % 2}\n")));

    [Fact]
    public void Random_Shares_AreExactAndDependOnTheSeed()
    {
        Dictionary<DataSplit, HashSet<int>> first = Run("by: random, validation: 0.1, test: 0.25, seed: 1");
        Dictionary<DataSplit, HashSet<int>> other = Run("by: random, validation: 0.1, test: 0.25, seed: 2");

        Assert.Equal((130, 20, 50), (first[DataSplit.Train].Count, first[DataSplit.Validation].Count, first[DataSplit.Test].Count));
        Assert.Equal(Enumerable.Range(0, 200), first.Values.SelectMany(rows => rows).Order());
        Assert.False(first[DataSplit.Test].SetEquals(other[DataSplit.Test]));
    }

    [Fact]
    public void Time_Shares_PutTheLatestRowsIntoTest()
    {
        Dictionary<DataSplit, HashSet<int>> rows = Run("by: time, order: time, validation: 0.1, test: 0.1");

        Assert.Equal(Enumerable.Range(0, 160), rows[DataSplit.Train].Order());
        Assert.Equal(Enumerable.Range(160, 20), rows[DataSplit.Validation].Order());
        Assert.Equal(Enumerable.Range(180, 20), rows[DataSplit.Test].Order());
    }

    [Fact]
    public void Time_EqualTimes_StayTogether()
    {
        // Ten times with 20 rows each: the cut after 90 % minus one row falls into the last group.
        Dictionary<DataSplit, HashSet<int>> rows = Run("by: time, order: time // 100, validation: 0, test: 0.095");

        Assert.Equal(Enumerable.Range(180, 20), rows[DataSplit.Test].Order());
        Assert.Empty(rows[DataSplit.Validation]);
    }

    [Fact]
    public void Time_Boundaries_CutWhereTheySay()
    {
        Dictionary<DataSplit, HashSet<int>> rows = Run("by: time, order: time, validation_from: '300', test_from: '500'");

        Assert.Equal(Enumerable.Range(0, 60), rows[DataSplit.Train].Order());
        Assert.Equal(Enumerable.Range(60, 40), rows[DataSplit.Validation].Order());
    }

    [Fact]
    public void User_Shares_KeepUsersWhole()
    {
        Dictionary<DataSplit, HashSet<int>> rows = Run("by: user, user: '\"user\"', validation: 0.1, test: 0.2");

        Assert.Equal((140, 20, 40), (rows[DataSplit.Train].Count, rows[DataSplit.Validation].Count, rows[DataSplit.Test].Count));
        HashSet<int>[] users = [.. rows.Values.Select(split => split.Select(row => row % 20).ToHashSet())];
        Assert.Equal(20, users.Sum(split => split.Count));
    }

    [Fact]
    public void PerUserTime_Shares_TakeTheEndOfEveryUser()
    {
        Dictionary<DataSplit, HashSet<int>> rows = Run("by: per_user_time, user: '\"user\"', order: time, validation: 0.2, test: 0.1");

        Assert.Equal(Enumerable.Range(180, 20), rows[DataSplit.Test].Order());
        Assert.Equal(Enumerable.Range(140, 40), rows[DataSplit.Validation].Order());
    }

    [Fact]
    public void Given_AnotherName_IsAnErrorThatListsTheValidOnes()
    {
        var error = Assert.Throws<ConfigException>(() => Run("by: given, column: label"));

        Assert.Contains("config.yaml:8: split.column: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("names no split; valid: train, validation (valid, val, dev), test", error.Message, StringComparison.Ordinal);
    }

    private static Dictionary<DataSplit, HashSet<int>> Run(string split)
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", s_events);
        PreparedDataset dataset = Prepared.Run(
            folder,
            $$"""
            name: splits
            sources:
              events: {path: events.csv, types: {time: BIGINT} }
            features:
              - {name: user}
              - {name: number, type: numeric}
            # The split comes last.
            split: { {{split}} }
            """);
        return Enum.GetValues<DataSplit>().ToDictionary(
            part => part,
            part => dataset.RowCount(part) == 0 ? [] : Prepared.Rows(dataset, part, "number").Select(row => (int)float.Parse(row, System.Globalization.CultureInfo.InvariantCulture)).ToHashSet());
    }
}
