using RecSys.Data.Ingest;

namespace RecSys.Data.Tests.Ingest;

public sealed class EventTableTests
{
    [Theory]
    [InlineData(null, false)]
    [InlineData("SELECT * FROM a JOIN b USING (x)", true)]
    [InlineData("SELECT * FROM a ORDER BY lower(x), y", false)]
    [InlineData("SELECT *, row_number() OVER (ORDER BY x) FROM a", true)]
    [InlineData("SELECT * FROM (SELECT * FROM a order by (x)) JOIN b USING (x)", true)]
    public void IsOrderOpen_OfAQuery_LooksForAnOrderOfTheWhole(string? query, bool expected)
        => Assert.Equal(expected, EventTable.IsOrderOpen(query));

    [Fact]
    public void Create_JoinWithoutAnOrder_NumbersTheRowsTheSameAtAnyNumberOfThreads()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", "user,item,label\n" + string.Concat(Enumerable.Range(0, 30_000).Select(i => FormattableString.Invariant($"u{i * 7 % 501},i{i * 13 % 997},{i % 2}\n"))));
        folder.Write("items.csv", "item,kind\n" + string.Concat(Enumerable.Range(0, 997).Select(i => FormattableString.Invariant($"i{i},k{i % 10}\n"))));
        const string Config =
            """
            name: joined
            sources:
              events: {path: events.csv, types: {label: INTEGER}}
              items: {path: items.csv}
            query: SELECT * FROM items JOIN events USING (item)
            features: [{columns: [user, item, kind]}]
            """;

        IReadOnlyDictionary<string, string> one = Prepared.Run(folder, Config, "threads=1").Schema.Files;
        IReadOnlyDictionary<string, string> four = Prepared.Run(folder, Config, "threads=4").Schema.Files;

        Assert.Equal(one, four);
    }
}
