using RecSys.Data.Configuration;

namespace RecSys.Data.Tests.Ingest;

public sealed class TaskLabelsTests : IDisposable
{
    private const string Config =
        """
        name: small
        sources: {events: {path: events.csv, types: {seconds: INTEGER}}}
        label: {column: click}
        tasks: [{name: bought}, {name: long, expression: seconds > 30}]
        features: [{name: user}]
        split: {by: given}
        """;

    private const string Events =
        """
        user,click,bought,seconds,split
        ann,1,1,50,train
        bob,1,,10,train
        ann,0,0,,train
        cat,1,0.5,31,validation
        bob,0,0,2,test
        """;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Run_Tasks_AreLabelsOfTheBatches()
    {
        _folder.Write("events.csv", Events);

        PreparedDataset dataset = Prepared.Run(_folder, Config);

        Assert.Equal([new DataTask("bought", "bought"), new DataTask("long", "seconds > 30")], dataset.Schema.Tasks);
        Assert.Equal(dataset.Schema.Tasks, (dataset.Schema with { Name = "other" }).Tasks);
        // By user, since the train rows are shuffled.
        Assert.Equal(["0 0 NaN", "1 1 1", "1 NaN 0"], Labels(dataset, DataSplit.Train).Order(StringComparer.Ordinal));
        Assert.Equal(["1 0.5 1"], Labels(dataset, DataSplit.Validation));
        Assert.Equal(["0 0 0"], Labels(dataset, DataSplit.Test));
    }

    [Fact]
    public void Encode_RawFile_KnowsNoTask()
    {
        _folder.Write("events.csv", Events);
        PreparedDataset dataset = Prepared.Run(_folder, Config);
        _folder.Write("raw.csv", "user,label\nann,1\n");

        using Batch batch = dataset.Encode(_folder.File("raw.csv"), new BatchOptions { BatchSize = 4 }).Single();

        Assert.Equal(1, batch.Labels[0]);
        Assert.All(batch.TaskLabels[..2], label => Assert.True(float.IsNaN(label)));
    }

    [Theory]
    [InlineData("tasks=[{name: bought, column: user}]", "events.csv:2: column 'user'")]
    [InlineData("tasks=[{name: bought, expression: seconds}]", "task 'bought': '50' is no label; valid: a number from 0 to 1, or nothing")]
    [InlineData("tasks=[{name: bought, column: sold}]", "column 'sold' is not among the events")]
    [InlineData("tasks=[{name: bought}, {name: Bought}]", "'Bought' cannot name a task")]
    [InlineData("tasks=[{name: 'a:b', column: bought}]", "'a:b' cannot name a task")]
    [InlineData("tasks=[{column: bought}]", "name: is missing")]
    public void Run_WrongTask_IsNamed(string tasks, string message)
    {
        _folder.Write("events.csv", Events);

        var error = Assert.ThrowsAny<Exception>(() => Prepared.Run(_folder, Config, tasks));

        Assert.True(error is ConfigException or DataException);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(_folder.File("out")));
    }

    private static IEnumerable<string> Labels(PreparedDataset dataset, DataSplit split)
    {
        foreach (Batch batch in dataset.Read(split, new BatchOptions { BatchSize = 2 }))
        {
            using (batch)
            {
                for (int row = 0; row < batch.Size; row++)
                    yield return FormattableString.Invariant($"{batch.Labels[row]} {batch.TaskLabels[2 * row]} {batch.TaskLabels[(2 * row) + 1]}");
            }
        }
    }
}
