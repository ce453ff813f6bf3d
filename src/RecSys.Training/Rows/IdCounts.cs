using RecSys.Data;
using RecSys.Embeddings;

namespace RecSys.Training.Rows;

/// <summary>In how many training samples each id occurs, whatever the features it occurs in and however often.</summary>
/// <remarks>8 bytes an id while counting, 4 afterwards.</remarks>
public sealed class IdCounts
{
    private const int BatchSize = 1 << 14;

    private readonly Dictionary<EmbeddingField, int[]> _counts;

    private IdCounts(long sampleCount, Dictionary<EmbeddingField, int[]> counts)
    {
        SampleCount = sampleCount;
        _counts = counts;
    }

    /// <summary>Training samples.</summary>
    public long SampleCount { get; }

    /// <summary>Samples of each id of a field.</summary>
    /// <param name="field">The field.</param>
    public ReadOnlySpan<int> Of(EmbeddingField field) => _counts[field];

    /// <summary>Reads the training split once.</summary>
    /// <param name="data">The data set.</param>
    public static IdCounts Of(PreparedDataset data)
    {
        FieldCounter[] fields = [.. data.Schema.EmbeddingFeatures.Index().GroupBy(f => f.Item.Field, f => f.Index).Select(f => new FieldCounter(f.Key, [.. f]))];
        foreach (var batch in data.Read(DataSplit.Train, new BatchOptions { BatchSize = BatchSize }))
        {
            using (batch)
            {
                foreach (var field in fields)
                    field.Add(batch);
            }
        }

        return new IdCounts(data.RowCount(DataSplit.Train), fields.ToDictionary(f => f.Field, f => f.Counts));
    }

    // Each id remembers the last sample it was counted for.
    private sealed class FieldCounter(EmbeddingField counted, int[] features)
    {
        private readonly int[] _lastSamples = new int[counted.VocabularySize];
        private int _sample;

        public EmbeddingField Field => counted;

        public int[] Counts { get; } = new int[counted.VocabularySize];

        public void Add(Batch batch)
        {
            for (int row = 0; row < batch.Size; row++)
            {
                _sample++;
                foreach (int feature in features)
                {
                    foreach (long id in batch.Ids[feature].Of(row))
                    {
                        if (_lastSamples[id] == _sample)
                            continue;
                        _lastSamples[id] = _sample;
                        Counts[id]++;
                    }
                }
            }
        }
    }
}
