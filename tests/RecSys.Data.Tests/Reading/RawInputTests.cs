namespace RecSys.Data.Tests.Reading;

public sealed class RawInputTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Encode_TheRawTestRows_GivesTheBatchesOfTheTestSplit()
    {
        PreparedDataset dataset = Prepare();
        _folder.Write("input.csv", "bucket,user,tags,price,history,label\n500,ann,blue|red,3,i2|i1,1\n,zoe,,,i9,0\n");

        Batch prepared = dataset.Read(DataSplit.Test, new BatchOptions()).Single();
        Batch encoded = dataset.Encode(_folder.File("input.csv"), new BatchOptions()).Single();

        Assert.Equal(2, encoded.Size);
        for (int feature = 0; feature < prepared.Ids.Count; feature++)
        {
            Assert.Equal(prepared.Ids[feature].Values, encoded.Ids[feature].Values);
            Assert.Equal(prepared.Ids[feature].Offsets, encoded.Ids[feature].Offsets);
        }

        Assert.Equal(prepared.Numeric[..2], encoded.Numeric[..2]);
        Assert.Equal(prepared.Labels[..2], encoded.Labels[..2]);
    }

    [Fact]
    public void Encode_ParquetWithoutLabels_KeepsTheOrderAndMarksThemMissing()
    {
        PreparedDataset dataset = Prepare();
        string file = Prepared.WriteParquet(
            _folder, "input.parquet",
            "SELECT CASE WHEN range % 2 = 0 THEN 'ann' ELSE 'bob' END AS \"user\", ['red'] AS tags, range AS price, 7.5 AS bucket, ['i1', NULL] AS history FROM range(70000)");
        long ann = dataset.Vocabulary("user").IdOf("ann");

        int row = 0;
        foreach (Batch batch in dataset.Encode(file, new BatchOptions { BatchSize = 1000 }))
        {
            using (batch)
            {
                for (int i = 0; i < batch.Size; i++, row++)
                {
                    Assert.Equal(row % 2 == 0, batch.Ids[0].Values[i] == ann);
                    Assert.True(float.IsNaN(batch.Labels[i]));
Assert.Equal(Math.Clamp((row - 1) / 4f, 0, 1), batch.Numeric[i], 1e-6f);
                }

                Assert.Equal(1, batch.Ids[3].Length(0));
            }
        }

        Assert.Equal(70000, row);
    }

    [Theory]
    [InlineData("user,tags,price\nann,red,1\n", "has no column 'bucket'; did you mean 'user'? it has: user, tags, price; needed: user, tags, price, bucket, history")]
    [InlineData("user,tags,price,bucket,history\nann,red,cheap,1,\n", "'cheap'")]
    [InlineData("", "the file is empty")]
    public void Encode_WrongInput_NamesTheFileAndTheProblem(string text, string message)
    {
        PreparedDataset dataset = Prepare();
        string file = _folder.Write("input.csv", text);

        DataException error = Assert.Throws<DataException>(() => dataset.Encode(file, new BatchOptions()).Count());

        Assert.Contains(file, error.Message, StringComparison.Ordinal);
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Encode_MissingFile_SaysWhatIsNeeded()
    {
        PreparedDataset dataset = Prepare();

        DataException error = Assert.Throws<DataException>(() => dataset.Encode(_folder.File("none.csv"), new BatchOptions()).Count());

        Assert.Contains("with the columns user, tags, price, bucket, history", error.Message, StringComparison.Ordinal);
    }

    private PreparedDataset Prepare()
    {
        _folder.Write(
            "events.csv",
            """
            user,tags,price,bucket,history,label,split
            ann,red,1,3,i1,1,train
            ann,blue,5,500,i1|i2,0,train
            bob,red,2,,,1,train
            ann,blue|red,3,500,i2|i1,1,test
            zoe,,,,i9,0,test
            """);
        return Prepared.Run(
            _folder,
            """
            name: input
            sources: {events: {path: events.csv}}
            features:
              - {name: user}
              - {name: tags, type: multi_valued}
              - {name: price, type: numeric, transform: minmax}
              - {name: bucket, transform: log_squared_bucket}
              - {name: history, type: sequence, max_length: 2}
            split: {by: given}
            """);
    }
}
