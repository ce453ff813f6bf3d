namespace RecSys.Data.Tests;

public sealed class SyntheticBatchesTests
{
    private static readonly SyntheticBatches s_source = new(SyntheticOptions.Criteo(10_000, 100_000));

    [Fact]
    public void Read_Rows_AreWithinTheVocabulariesAndHaveTheRate()
    {
        var labels = new List<float>();
        foreach (Batch batch in s_source.Read(new BatchOptions { BatchSize = 3000 }))
        {
            using (batch)
            {
                for (int field = 0; field < batch.Ids.Count; field++)
                {
                    Assert.Equal(batch.Size, batch.Ids[field].Values.Length);
                    foreach (long id in batch.Ids[field].Values)
                        Assert.InRange(id, 1, s_source.Schema.EmbeddingFeatures[field].Field.VocabularySize - 1);
                }

                labels.AddRange(batch.Labels[..batch.Size]);
            }
        }

        Assert.Equal(10_000, labels.Count);
        Assert.Equal(0.25, labels.Average(), 0.02);
    }

    [Fact]
    public void Read_SkippedBatches_LeaveExactlyTheTail()
    {
        long[] all = Ids(new BatchOptions { BatchSize = 1000 });
        long[] tail = Ids(new BatchOptions { BatchSize = 1000, SkipBatches = 4 });

        Assert.Equal(all[(4000 * 39)..], tail);
        Assert.NotEqual(all, Ids(new BatchOptions { BatchSize = 1000, Epoch = 1 }));
    }

    private static long[] Ids(BatchOptions options)
        => [.. s_source.Read(options).SelectMany(batch => batch.Ids.SelectMany(ids => ids.Values.ToArray()))];
}
