using System.Globalization;
using System.Text;
using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Ingest;

public sealed class HistoryTablesTests
{
    private const string Config =
        """
        name: histories
        sources: {events: {path: events.csv, types: {day: INTEGER, second: INTEGER, rating: INTEGER}}}
        label: {expression: rating >= 4}
        features:
          - {name: item}
          - {name: number, type: numeric}
          - {name: seen, type: sequence, of: item, user: '"user"', order: [day, second], max_length: 7}
          - {name: liked, type: sequence, of: item, user: '"user"', order: [day, second], filter: rating >= 4, max_length: 3}
        split: {by: random, validation: 0.2, test: 0.2}
        """;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Create_RandomLog_HoldsTheLatestStrictlyEarlierItemsOfTheUser(int seed)
    {
        using var folder = new TemporaryFolder();
        Event[] events = Log(new Random(seed), 1500);
        folder.Write("events.csv", Text(events));

        PreparedDataset dataset = Prepared.Run(folder, Config);

        Dictionary<string, int> ids = Prepared.Vocabulary(dataset, "item").ToDictionary(line => line.Split(' ')[1], line => int.Parse(line.Split(' ')[0], CultureInfo.InvariantCulture));
        int checkedRows = 0;
        foreach (string row in Enum.GetValues<DataSplit>().SelectMany(split => Prepared.Rows(dataset, split, "number::INTEGER, replace(seen::VARCHAR, ' ', ''), replace(liked::VARCHAR, ' ', '')")))
        {
            string[] parts = row.Split(' ');
            Event target = events[int.Parse(parts[0], CultureInfo.InvariantCulture)];
            Assert.Equal(Expected(events, target, 7, _ => true, ids), parts[1]);
            Assert.Equal(Expected(events, target, 3, e => e.Rating >= 4, ids), parts[2]);
            checkedRows++;
        }

        Assert.Equal(events.Length, checkedRows);
    }

    [Fact]
    public void Create_FromALogOfItsOwn_HoldsItsEarlierBehaviours()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", "user,time,category,label\nu1,10,a,1\nu1,20,b,0\nu2,20,a,1\nu3,20,c,0\n");
        folder.Write("log.csv", "user,time,what\nu1,5,b\nu1,10,a\nu1,15,c\nu1,12,x\nu2,20,a\nu1,30,b\n");

        PreparedDataset dataset = Prepared.Run(
            folder,
            """
            name: behaviours
            sources:
              events: {path: events.csv, types: {time: INTEGER}}
              log: {path: log.csv, types: {time: INTEGER}}
            query: FROM events
            features:
              - {name: category}
              - {name: history, type: sequence, log: log, value: what, field: category, user: '"user"', order: time, max_length: 3}
            split: {by: random, validation: 0, test: 0}
            """);

        // a = 1, b = 2, c = 3; x is unknown; what happens at the time of an event is not before it.
        Assert.Equal(["1 [2]", "1 []", "2 [1, 0, 3]", "3 []"], Prepared.Rows(dataset, DataSplit.Train, "category, history").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Create_EventsWithoutOrder_HaveNoHistoryAndAreInNone()
    {
        using var folder = new TemporaryFolder();
        folder.Write("events.csv", "user,time,item,label\nu,1,a,1\nu,,b,0\nu,2,c,1\n");

        PreparedDataset dataset = Prepared.Run(
            folder,
            """
            name: histories
            sources: {events: {path: events.csv, types: {time: INTEGER}}}
            features:
              - {name: item}
              - {name: history, type: sequence, of: item, user: '"user"', order: time}
            split: {by: random, validation: 0, test: 0}
            """);

        Assert.Equal(["1 []", "2 []", "3 [1]"], Prepared.Rows(dataset, DataSplit.Train, "item, history").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Create_OfAnUnknownFeature_ListsTheValidOnes()
    {
        using var folder = new TemporaryFolder();

        var error = Assert.Throws<ConfigException>(() => Prepared.Run(folder, Config.Replace("of: item", "of: itm", StringComparison.Ordinal)));

        Assert.Contains("config.yaml:7: features[2].of: 'itm' is not a categorical feature; valid: item", error.Message, StringComparison.Ordinal);
    }

    private static string Expected(Event[] events, Event target, int length, Func<Event, bool> filter, Dictionary<string, int> ids)
    {
        // The definition, spelled out: a scan over all events for each event.
        IEnumerable<int> history = events
            .Where(e => e.User == target.User && filter(e) && (e.Day < target.Day || (e.Day == target.Day && e.Second < target.Second)))
            .OrderBy(e => e.Day).ThenBy(e => e.Second).ThenBy(e => e.Number)
            .TakeLast(length)
            .Select(e => ids.GetValueOrDefault(e.Item));
        return $"[{string.Join(",", history)}]";
    }

    private static Event[] Log(Random random, int count)
        => [.. Enumerable.Range(0, count).Select(number => new Event(
            number,
            // A few users have hundreds of events, many have one or two; times collide often.
            $"u{(int)Math.Floor(Math.Pow(random.NextDouble(), 3) * 60)}",
            $"i{random.Next(40)}",
            random.Next(8),
            random.Next(6),
            random.Next(1, 6)))];

    private static string Text(Event[] events)
    {
        var text = new StringBuilder("user,item,day,second,rating,number\n");
        foreach (Event e in events)
            text.Append(CultureInfo.InvariantCulture, $"{e.User},{e.Item},{e.Day},{e.Second},{e.Rating},{e.Number}\n");
        return text.ToString();
    }

    private sealed record Event(int Number, string User, string Item, int Day, int Second, int Rating);
}
