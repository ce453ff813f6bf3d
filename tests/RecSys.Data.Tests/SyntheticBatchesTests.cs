using RecSys.Embeddings;

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

    [Fact]
    public void Read_Histories_AreOfTheItemsAndDecideTheLabel()
    {
        var source = new SyntheticBatches(SyntheticOptions.Shop(8_000, 100_000));
        var features = source.Schema.EmbeddingFeatures.ToList();
        int categoryCount = (int)features[2].Field.VocabularySize - 1;
        (double[] labels, double[] counts) = (new double[2], new double[2]);
        foreach (Batch batch in source.Read(new BatchOptions { BatchSize = 3000 }))
        {
            using (batch)
            {
                JaggedIds histories = batch.Ids[^1];
                Assert.Equal(batch.Size, histories.BatchSize);
                for (int row = 0; row < batch.Size; row++)
                {
                    long[] history = histories.Values[histories.Offsets[row]..histories.Offsets[row + 1]].ToArray();
                    Assert.InRange(history.Length, 1, 50);
                    Assert.All(history, id => Assert.InRange(id, 1, features[1].Field.VocabularySize - 1));
                    long category = 1 + ((batch.Ids[1].Values[row] - 1) % categoryCount);
                    Assert.Equal(category, batch.Ids[2].Values[row]);
                    int hasMatches = history.Count(id => 1 + ((id - 1) % categoryCount) == category) >= 2 ? 1 : 0;
                    labels[hasMatches] += batch.Labels[row];
                    counts[hasMatches]++;
                }
            }
        }

        Assert.Same(features[1].Field, features[^1].Field);
        Assert.True(labels[1] / counts[1] > (labels[0] / counts[0]) + 0.2, $"{labels[1] / counts[1]} against {labels[0] / counts[0]}");
    }

    private static long[] Ids(BatchOptions options)
        => [.. s_source.Read(options).SelectMany(batch => batch.Ids.SelectMany(ids => ids.Values.ToArray()))];
}
