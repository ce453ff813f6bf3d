using System.Globalization;
using RecSys.Embeddings;

namespace RecSys.Data.Tests;

public sealed class PreparedDatasetTests : IDisposable
{
    private const int TrainCount = 1000;

    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_WithoutShuffle_GivesTheFilesRowsInOrder()
    {
        PreparedDataset dataset = Prepare();
        string[] expected = Prepared.Rows(dataset, DataSplit.Train, "\"user\", replace(tags::VARCHAR, ' ', ''), number, label, \"group\"");

        Assert.Equal(expected, Rows(dataset, new BatchOptions { BatchSize = 64 }));
    }

    [Fact]
    public void Read_LastBatch_IsShortOrDropped()
    {
        PreparedDataset dataset = Prepare();

        Assert.Equal([300, 300, 300, 100], Sizes(dataset, new BatchOptions { BatchSize = 300 }));
        Assert.Equal([300, 300, 300], Sizes(dataset, new BatchOptions { BatchSize = 300, DropLast = true }));
        Assert.Equal([300, 200], Sizes(dataset, new BatchOptions { BatchSize = 300, MaxRows = 500 }));
        Assert.Equal([300], Sizes(dataset, new BatchOptions { BatchSize = 300, MaxRows = 500, DropLast = true }));
        Assert.Equal(4, dataset.BatchCount(DataSplit.Train, new BatchOptions { BatchSize = 300 }));
        Assert.Equal(1, dataset.BatchCount(DataSplit.Train, new BatchOptions { BatchSize = 300, MaxRows = 500, DropLast = true }));
    }

    [Fact]
    public void Read_Shuffled_HasEveryRowOnceInAnOrderOfSeedAndEpoch()
    {
        PreparedDataset dataset = Prepare();
        string[] plain = Rows(dataset, new BatchOptions { BatchSize = 64 });

        string[] first = Rows(dataset, new BatchOptions { BatchSize = 64, Shuffle = true, Seed = 1 });
        string[] again = Rows(dataset, new BatchOptions { BatchSize = 64, Shuffle = true, Seed = 1 });
        string[] nextEpoch = Rows(dataset, new BatchOptions { BatchSize = 64, Shuffle = true, Seed = 1, Epoch = 1 });
        string[] otherSeed = Rows(dataset, new BatchOptions { BatchSize = 64, Shuffle = true, Seed = 2 });

        Assert.Equal(first, again);
        Assert.NotEqual(first, nextEpoch);
        Assert.NotEqual(first, otherSeed);
        Assert.All([first, nextEpoch, otherSeed], rows => Assert.Equal(plain.Order(StringComparer.Ordinal), rows.Order(StringComparer.Ordinal)));
    }

    [Theory]
    [InlineData(1, false)]
    [InlineData(3, true)]
    [InlineData(5, true)]
    [InlineData(15, true)]
    [InlineData(99, true)]
    public void Read_SkippedBatches_LeaveExactlyTheTail(int skip, bool isShuffled)
    {
        PreparedDataset dataset = Prepare();
        var all = new BatchOptions { BatchSize = 64, Shuffle = isShuffled, Seed = 3, Epoch = 2, MaxRows = 970 };
        var rest = new BatchOptions { BatchSize = 64, Shuffle = isShuffled, Seed = 3, Epoch = 2, MaxRows = 970, SkipBatches = skip };

        Assert.Equal(Rows(dataset, all).Skip(skip * 64), Rows(dataset, rest));
    }

    // 970 rows are 16 batches of 64: 16, 8, 5 or 2 for each of 1, 2, 3 or 7 readers.
    [Theory]
    [InlineData(1, 16)]
    [InlineData(2, 8)]
    [InlineData(3, 5)]
    [InlineData(7, 2)]
    [InlineData(17, 0)]
    public void Read_SeveralReaders_ShareTheBatchesOfOne(int workerCount, int batchCount)
    {
        PreparedDataset dataset = Prepare();
        string[][] whole = [.. Rows(dataset, Options(0, 1)).Chunk(64)];

        for (int worker = 0; worker < workerCount; worker++)
        {
            Assert.Equal(batchCount, dataset.BatchCount(DataSplit.Train, Options(worker, workerCount)));
            Assert.Equal(whole.Take(batchCount * workerCount).Where((_, b) => b % workerCount == worker).SelectMany(b => b), Rows(dataset, Options(worker, workerCount)));
            Assert.Equal(whole.Take(batchCount * workerCount).Where((_, b) => b % workerCount == worker).Skip(1).SelectMany(b => b), Rows(dataset, Options(worker, workerCount, skip: 1)));
        }

        static BatchOptions Options(int worker, int count, int skip = 0)
            => new() { BatchSize = 64, Shuffle = true, Seed = 3, MaxRows = 970, Worker = worker, WorkerCount = count, SkipBatches = skip };
    }

    [Fact]
    public void Read_EmptySplit_GivesNoBatch()
        => Assert.Empty(Prepare().Read(DataSplit.Validation, new BatchOptions()));

    [Fact]
    public void Read_Features_ComeInTheOrderOfTheSchema()
    {
        PreparedDataset dataset = Prepare();

        Batch batch = dataset.Read(DataSplit.Test, new BatchOptions()).Single();

        Assert.Equal(["user", "tags"], dataset.Schema.EmbeddingFeatures.Select(feature => feature.Name));
        Assert.Equal([true, false], batch.Ids.Select(ids => ids.IsSingle));
        Assert.Equal(2, dataset.Schema.NumericCount);
        Assert.Equal(1000f, batch.Numeric[0]);
        Assert.Equal(0.25f, batch.Numeric[1]);
        Assert.Equal(1001f, batch.Numeric[2]);
    }

    [Fact]
    public void CountIds_Feature_HasWhatTheBatchesHave()
    {
        PreparedDataset dataset = Prepare();
        EmbeddingFeature user = dataset.Schema.EmbeddingFeatures.Single(f => f.Name == "user");
        int place = dataset.Schema.EmbeddingFeatures.ToList().IndexOf(user);
        long[] expected = new long[user.Field.VocabularySize];
        foreach (Batch batch in dataset.Read(DataSplit.Train, new BatchOptions()))
        {
            foreach (long id in batch.Ids[place].Values)
                expected[id]++;
        }

        Assert.Equal(expected, dataset.CountIds(DataSplit.Train, user));
        Assert.Equal(TrainCount, expected.Sum());
    }

    [Fact]
    public void Read_IdBeyondTheVocabulary_NamesFileRowColumnAndRange()
    {
        PreparedDataset dataset = Prepare();
        Rewrite(dataset, "SELECT * REPLACE (CASE WHEN number = 1007 THEN 99 ELSE \"user\" END AS \"user\")");

        DataException error = Assert.Throws<DataException>(() => dataset.Read(DataSplit.Test, new BatchOptions()).Count());

        Assert.Contains("part-00000.parquet, row 7: column 'user' has id 99, which its vocabulary 'user' does not have; valid: 0 … 13", error.Message, StringComparison.Ordinal);
        error = Assert.Throws<DataException>(() => dataset.CountIds(DataSplit.Test, dataset.Schema.EmbeddingFeatures.Single(f => f.Name == "user")));
        Assert.Contains("part-00000.parquet: column 'user' has id 99, which its vocabulary 'user' does not have; valid: 0 … 13", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_NegativeIdInAList_NamesFileColumnAndRange()
    {
        PreparedDataset dataset = Prepare();
        Rewrite(dataset, "SELECT * REPLACE (CASE WHEN number = 1007 THEN [1, -5]::INTEGER[] ELSE tags END AS tags)");

        DataException error = Assert.Throws<DataException>(() => dataset.Read(DataSplit.Test, new BatchOptions()).Count());

        Assert.Contains("column 'tags' has id -5", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MissingId_NamesFileAndColumn()
    {
        PreparedDataset dataset = Prepare();
        Rewrite(dataset, "SELECT * REPLACE (CASE WHEN number <> 1007 THEN \"user\" END AS \"user\")");

        DataException error = Assert.Throws<DataException>(() => dataset.Read(DataSplit.Test, new BatchOptions()).Count());

        Assert.Contains("column 'user' has a missing id", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("SELECT * REPLACE (\"user\"::BIGINT AS \"user\")", "column 'user' is of type BigInt; valid: Integer")]
    [InlineData("SELECT * EXCLUDE (tags)", "tags")]
    [InlineData("SELECT *", "has 5 rows; schema.json says 20", "LIMIT 5")]
    public void Read_AnotherFile_SaysWhatIsWrong(string select, string message, string suffix = "")
    {
        PreparedDataset dataset = Prepare();
        Rewrite(dataset, select, suffix);

        DataException error = Assert.Throws<DataException>(() => dataset.Read(DataSplit.Test, new BatchOptions()).Count());

        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_TruncatedPart_NamesTheFile()
    {
        PreparedDataset dataset = Prepare();
        string part = Part(dataset);
        byte[] bytes = File.ReadAllBytes(part);
        File.WriteAllBytes(part, bytes[..^20]);

        DataException error = Assert.Throws<DataException>(() => dataset.Read(DataSplit.Test, new BatchOptions()).Count());

        Assert.Contains($"{part}: not a complete Parquet file", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_MissingFile_NamesIt()
    {
        PreparedDataset dataset = Prepare();
        File.Delete(Part(dataset));

        Assert.Contains(Part(dataset), Assert.Throws<DataException>(() => PreparedDataset.Open(dataset.Folder)).Message, StringComparison.Ordinal);
        Assert.Contains("there is no such file", Assert.Throws<DataException>(() => PreparedDataset.Open(_folder.File("nowhere"))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_ChangedByte_NamesTheFile()
    {
        PreparedDataset dataset = Prepare();
        dataset.Verify();
        byte[] bytes = File.ReadAllBytes(Part(dataset));
        bytes[bytes.Length / 2] ^= 1;
        File.WriteAllBytes(Part(dataset), bytes);

        Assert.Contains(Part(dataset), Assert.Throws<DataException>(dataset.Verify).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vocabulary_Lookups_GoBothWays()
    {
        Vocabulary users = Prepare().Vocabulary("user");

        Assert.Equal(14, users.Size);
        Assert.All(Enumerable.Range(1, 13), id => Assert.Equal(id, users.IdOf(users.ValueOf(id)!)));
        Assert.Equal(0, users.IdOf("nobody"));
        Assert.Null(users.ValueOf(0));
        Assert.Equal([users.IdOf("u3"), 0, users.IdOf("u1")], users.IdsOf(["u3", "nobody", "u1"]));
        Assert.Equal(["u3", null], users.ValuesOf([users.IdOf("u3"), 0]));
        Assert.Contains("id 14 is not in vocabulary 'user'; valid: 0 … 13", Assert.Throws<DataException>(() => users.ValueOf(14)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Vocabulary_UnknownField_ListsTheValidOnes()
    {
        PreparedDataset dataset = Prepare();

        Assert.Contains("valid: user, tags", Assert.Throws<DataException>(() => dataset.Vocabulary("item")).Message, StringComparison.Ordinal);
    }

    // 1,000 train rows in parts of 300 and 20 test rows; 13 users; row i has i mod 3 tags.
    private PreparedDataset Prepare()
    {
        string rows = string.Concat(Enumerable.Range(0, TrainCount + 20).Select(i => FormattableString.Invariant(
            $"u{i % 13},{string.Join('|', Enumerable.Range(0, i % 3).Select(tag => $"t{(i + tag) % 5}"))},{i},0.25,{i % 2},{(i < TrainCount ? "train" : "test")}\n")));
        _folder.Write("events.csv", "user,tags,number,quarter,label,split\n" + rows);
        return Prepared.Run(
            _folder,
            """
            name: batches
            sources: {events: {path: events.csv}}
            group: user
            rows_per_part: 300
            features:
              - {name: user}
              - {name: number, type: numeric}
              - {name: tags, type: multi_valued}
              - {name: quarter, type: numeric}
            split: {by: given}
            """);
    }

    private static string Part(PreparedDataset dataset) => Path.Combine(dataset.Folder, "test", "part-00000.parquet");

    private void Rewrite(PreparedDataset dataset, string select, string suffix = "")
    {
        string copy = Prepared.WriteParquet(_folder, "copy.parquet", $"{select} FROM read_parquet('{Part(dataset)}') {suffix}");
        File.Move(copy, Part(dataset), overwrite: true);
    }

    private static IEnumerable<int> Sizes(PreparedDataset dataset, BatchOptions options)
        => dataset.Read(DataSplit.Train, options).Select(batch => batch.Size);

    private static string[] Rows(PreparedDataset dataset, BatchOptions options)
    {
        var rows = new List<string>();
        foreach (Batch batch in dataset.Read(DataSplit.Train, options))
        {
            using (batch)
            {
                for (int i = 0; i < batch.Size; i++)
                    rows.Add(Row(batch, i));
            }
        }

        return [.. rows];
    }

    private static string Row(Batch batch, int i)
    {
        JaggedIds tags = batch.Ids[1];
        string list = string.Join(",", tags.Values[tags.Offsets[i]..tags.Offsets[i + 1]].ToArray());
        return string.Create(CultureInfo.InvariantCulture, $"{batch.Ids[0].Values[i]} [{list}] {batch.Numeric[2 * i]:0.0} {batch.Labels[i]:0.0} {batch.Groups[i]}");
    }
}
