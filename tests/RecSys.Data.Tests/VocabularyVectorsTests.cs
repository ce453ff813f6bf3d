using System.Globalization;
using RecSys.Data.Interop;

namespace RecSys.Data.Tests;

public sealed class VocabularyVectorsTests : IDisposable
{
    private const int Dimension = 3;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Theory]
    [InlineData(10_000)]
    [InlineData(1_000)]
    [InlineData(2_048)]
    public void WriteVectors_Pieces_GiveOneRowPerIdInOrder(int pieceRows)
    {
        Vocabulary vocabulary = Prepare(idCount: 5_000).Vocabulary("user");
        string path = _folder.File("vectors.parquet");
        List<long> reported = [];

        vocabulary.WriteVectors(path, Dimension, Fill, new Dictionary<string, string> { ["step's"] = "7" }, reported.Add, pieceRows);

        string[] expected = [.. vocabulary.ValuesOf([.. Enumerable.Range(0, 5_001).Select(id => (long)id)]).Select((value, id) => string.Create(CultureInfo.InvariantCulture, $"{id} {value ?? "–"} {(id == 0 ? "–" : "1")} [{id}.0, {id}.25, {id}.5]"))];
        Assert.Equal(expected, Prepared.Query($"SELECT concat_ws(' ', id, coalesce(value, '–'), coalesce(count::VARCHAR, '–'), vector) FROM read_parquet({SqlText.Literal(path)})"));
        Assert.Equal(["7"], Prepared.Query($"SELECT decode(value) FROM parquet_kv_metadata({SqlText.Literal(path)}) WHERE decode(key) = 'step''s'"));
        Assert.Equal(["FLOAT[]"], Prepared.Query($"SELECT column_type FROM (DESCRIBE FROM read_parquet({SqlText.Literal(path)})) WHERE column_name = 'vector'"));
        Assert.Equal((5_000 / pieceRows) + 1, reported.Count);
        Assert.Equal(5_001, reported[^1]);
    }

    [Fact]
    public void WriteVectors_ReadFails_LeavesNothingBehind()
    {
        Vocabulary vocabulary = Prepare(idCount: 10).Vocabulary("user");
        string[] before = Directory.GetFiles(_folder.Path);

        Assert.Throws<InvalidOperationException>(() => vocabulary.WriteVectors(_folder.File("vectors.parquet"), Dimension, (_, _) => throw new InvalidOperationException(), new Dictionary<string, string>()));

        Assert.Equal(before, Directory.GetFiles(_folder.Path));
    }

    private static void Fill(ReadOnlySpan<long> ids, Span<float> vectors)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            for (int j = 0; j < Dimension; j++)
                vectors[(i * Dimension) + j] = ids[i] + (0.25f * j);
        }
    }

    private PreparedDataset Prepare(int idCount)
    {
        File.WriteAllLines(_folder.File("log.csv"), ["user,y,day", .. Enumerable.Range(0, idCount).Select(i => string.Create(CultureInfo.InvariantCulture, $"u{i},{i % 2},1")), "u0,1,2"]);
        return Prepared.Run(_folder, """
            name: small
            sources: {log: {path: log.csv}}
            label: {column: y}
            features: [{name: user}]
            split: {by: time, order: day, test_from: 2}
            """);
    }
}
