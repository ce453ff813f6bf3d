using System.Text;

namespace RecSys.Data.Tests;

public sealed class VocabularyIndexTests : IDisposable
{
    private static readonly string[] s_values = ["ann", "Ann", "ann ", "Ünï", "日本", "a,b", "0", "00", new string('x', 13), new string('y', 1000), "twelve bytes", "eleven byte"];

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void IdOf_EveryValue_IsThatOfTheVocabulary()
    {
        PreparedDataset data = Prepare(s_values.Concat(Enumerable.Range(0, 20_000).Select(i => $"u{i}")));
        using VocabularyIndex index = Write(data);

        IReadOnlyList<string?> values = data.Vocabulary("user").ValuesOf([.. Enumerable.Range(0, (int)data.Schema.Vocabularies["user"]).Select(id => (long)id)]);

        Assert.Equal(s_values.Length + 20_001, values.Count);
        for (int id = 1; id < values.Count; id++)
        {
            Assert.Equal(id, index.IdOf("user", Encoding.UTF8.GetBytes(values[id]!)));
            Assert.Equal(values[id], index.ValueOf("user", id));
        }

        Assert.Equal(data.Vocabulary("day").IdOf("1"), index.IdOf("day", "1"u8));
    }

    [Fact]
    public void IdOf_UnknownValues_AreZero()
    {
        using VocabularyIndex index = Write(Prepare(s_values));

        Assert.Null(index.ValueOf("user", 0));
        Assert.All(Enumerable.Range(0, 10_000), i => Assert.Equal(0, index.IdOf("user", Encoding.UTF8.GetBytes($"none{i}"))));
        Assert.Equal(0, index.IdOf("user", []));
    }

    [Fact]
    public void IdOf_VocabularyOfTheUnknownIdAlone_IsZero()
    {
        using VocabularyIndex index = Write(Prepare(["ann", "bob"], "min_count=3"));

        Assert.Equal(0, index.IdOf("user", "ann"u8));
    }

    [Fact]
    public void ValueOf_IdBeyondTheVocabulary_NamesTheRange()
    {
        using VocabularyIndex index = Write(Prepare(["ann", "bob"]));

        Assert.Contains("valid: 0 … 2", Assert.Throws<DataException>(() => index.ValueOf("user", 3)).Message, StringComparison.Ordinal);
        Assert.Contains("valid: 0 … 2", Assert.Throws<DataException>(() => index.ValueOf("user", -1)).Message, StringComparison.Ordinal);
        Assert.Contains("did you mean 'user'?", Assert.Throws<DataException>(() => index.ValueOf("usr", 1)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OtherDataSet_IsRefused()
    {
        PreparedDataset data = Prepare(["ann", "bob"]);
        using VocabularyIndex index = Write(data);
        DataSchema other = data.Schema with { Vocabularies = new Dictionary<string, long> { ["user"] = 2, ["day"] = 2 } };

        Assert.Contains("belongs to another data set", Assert.Throws<DataException>(() => VocabularyIndex.Open(index.Path, other)).Message, StringComparison.Ordinal);
        Assert.Contains("there is no such file", Assert.Throws<DataException>(() => VocabularyIndex.Open(index.Path + ".none", data.Schema)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_AnyBitOfTheData_IsFoundDamaged()
    {
        PreparedDataset data = Prepare(["ann", "bob"]);
        string path;
        using (VocabularyIndex index = Write(data))
        {
            path = index.Path;
            index.Verify();
        }

        byte[] whole = File.ReadAllBytes(path);
        var random = new Random(5);
        int first = 8 + BitConverter.ToInt32(whole);
        for (int i = 0; i < 200; i++)
        {
            byte[] damaged = [.. whole];
            damaged[random.Next(first, whole.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(path, damaged);
            Assert.Throws<DataException>(() =>
            {
                using VocabularyIndex index = VocabularyIndex.Open(path, data.Schema);
                index.Verify();
            });
        }
    }

    private VocabularyIndex Write(PreparedDataset data)
    {
        string path = _folder.File(VocabularyIndex.FileName);
        VocabularyIndex.Write(path, data);
        return VocabularyIndex.Open(path, data.Schema);
    }

    private PreparedDataset Prepare(IEnumerable<string> values, params string[] overrides)
    {
        File.WriteAllLines(_folder.File("log.csv"), ["user,y,day", .. values.Select((value, i) => $"\"{value}\",{i % 2},1"), "none,1,2"]);
        return Prepared.Run(
            _folder,
            """
            name: small
            sources: {log: {path: log.csv}}
            label: {column: y}
            features: [{columns: [user, day]}]
            split: {by: time, order: day, test_from: 2}
            """,
            overrides);
    }
}
