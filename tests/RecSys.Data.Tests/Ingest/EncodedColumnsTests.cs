using RecSys.Data.Ingest;
using RecSys.Data.Interop;

namespace RecSys.Data.Tests.Ingest;

public sealed class EncodedColumnsTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    // DuckDB stores the codes of an ENUM in 8, 16 or 32 bits.
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(254)]
    [InlineData(255)]
    [InlineData(256)]
    [InlineData(257)]
    [InlineData(65_534)]
    [InlineData(65_535)]
    [InlineData(65_536)]
    [InlineData(65_537)]
    public void Id_AnySizeOfVocabulary_IsTheId(int size)
    {
        using DuckDatabase database = DuckDatabase.Open();
        database.Execute($"CREATE TABLE vocabulary AS SELECT (range + 1)::INTEGER AS id, 'value ' || range AS value FROM range({size})");
        EncodedColumns.CreateType(database, "ids", "vocabulary");

        string id = EncodedColumns.Id("value", "ids");
        Assert.Equal(0, database.Scalar<long>($"SELECT count(*) FROM vocabulary WHERE {id} IS DISTINCT FROM id"));
        Assert.Equal(0, database.Scalar<int>($"SELECT {id} FROM (SELECT 'value {size}' AS value)"));
        Assert.Equal(0, database.Scalar<int>($"SELECT {id} FROM (SELECT NULL::VARCHAR AS value)"));
    }

    [Fact]
    public void Add_SpecialTexts_AreValuesLikeOthers()
    {
        string[] values = ["", "it's", "\"q\"", "ünï", " a", "a", "A", "NULL", "日本"];
        string list = string.Join(", ", values.Select((value, i) => $"({i}, {SqlText.Literal(value)})"));
        string file = Prepared.WriteParquet(_folder, "events.parquet", $"SELECT row, item, [item, item] AS items, 1 AS label FROM (VALUES {list}) rows(row, item)");
        PreparedDataset dataset = Prepare("1");

        Assert.Equal(values.Order(StringComparer.Ordinal), Enumerable.Range(1, values.Length).Select(id => dataset.Vocabulary("item").ValueOf(id)));
        IReadOnlyList<long> ids = dataset.Vocabulary("item").IdsOf(values);
        string[] expected = [.. ids.Select(id => $"{id} [{id}, {id}]")];
        Assert.Equal(expected.Order(), Prepared.Rows(dataset, DataSplit.Train, "item, items").Order());
        using Batch batch = dataset.Encode(file, new BatchOptions()).Single();
        Assert.Equal(ids, batch.Ids[0].Values.ToArray().Select(id => (long)id));
    }

    [Fact]
    public void Add_EmptyVocabulary_GivesTheUnknownId()
    {
        string file = Prepared.WriteParquet(_folder, "events.parquet", "SELECT 'a' AS item, [['a', NULL, 'b'], [], NULL][range + 1] AS items, 1 AS label FROM range(3)");
        PreparedDataset dataset = Prepare("9");

        Assert.Equal(1, dataset.Vocabulary("item").Size);
        Assert.Equal(["0 [0, 0]", "0 []", "0 []"], Prepared.Rows(dataset, DataSplit.Train, "item, items").Order(StringComparer.Ordinal));
        using Batch batch = dataset.Encode(file, new BatchOptions()).Single();
        Assert.Equal([2, 0, 0], Enumerable.Range(0, 3).Select(batch.Ids[1].Length));
    }

    private PreparedDataset Prepare(string minCount) => Prepared.Run(
        _folder,
        $$"""
        name: special
        sources: { events: { path: events.parquet } }
        min_count: {{minCount}}
        features:
          - {name: item}
          - {name: items, type: multi_valued, field: item}
        split: { validation: 0, test: 0 }
        """);
}
