using RecSys.Embeddings;

namespace RecSys.Data;

/// <summary>
/// A mini-batch. Its arrays may be longer than the batch: only the first <see cref="Size"/> rows count.
/// </summary>
/// <remarks>
/// A batch belongs to its consumer from when it is read until <see cref="Dispose"/>, which hands it back to be filled again.
/// A batch that is never disposed is only lost to the garbage collector.
/// </remarks>
public sealed class Batch : IDisposable
{
    private readonly JaggedIds[] _ids;
    private readonly Action<Batch>? _recycle;
    private int _isLent;

    internal Batch(DataSchema schema, int capacity, Action<Batch>? recycle)
    {
        _recycle = recycle;
        _ids = [.. schema.EmbeddingFeatures.Select(feature => new JaggedIds(feature.IsSingle))];
        Capacity = capacity;
        Numeric = new float[capacity * schema.NumericCount];
        Labels = new float[capacity];
        TaskLabels = new float[capacity * schema.Tasks.Count];
        Groups = new long[capacity];
    }

    /// <summary>Makes a batch of samples at hand.</summary>
    /// <param name="schema">The features of the samples.</param>
    /// <param name="samples">At least one sample.</param>
    public static Batch Of(DataSchema schema, IReadOnlyList<EncodedSample> samples)
    {
        var batch = new Batch(schema, samples.Count, recycle: null) { Size = samples.Count };
        batch.Labels.AsSpan().Fill(float.NaN);
        batch.TaskLabels.AsSpan().Fill(float.NaN);
        for (int row = 0; row < samples.Count; row++)
        {
            batch.Groups[row] = -1;
            samples[row].Numbers.CopyTo(batch.Numeric, row * schema.NumericCount);
            for (int feature = 0; feature < batch._ids.Length; feature++)
                batch._ids[feature].Add(samples[row].Ids[feature]);
        }

        return batch;
    }

    /// <summary>Gives the values of a feature to other samples than had them, by a random permutation; those of its crosses go along.</summary>
    /// <param name="schema">The features of the batch.</param>
    /// <param name="feature">Name of a feature.</param>
    /// <param name="random">Draws the permutation.</param>
    /// <exception cref="ArgumentException">There is no such feature.</exception>
    public void Permute(DataSchema schema, string feature, Random random)
    {
        int[] order = [.. Enumerable.Range(0, Size)];
        random.Shuffle(order);
        int column = schema.NumericNames.ToList().IndexOf(feature);
        if (column >= 0)
        {
            int width = schema.NumericCount;
            float[] before = [.. order.Select(row => Numeric[(row * width) + column])];
            for (int row = 0; row < Size; row++)
                Numeric[(row * width) + column] = before[row];
            return;
        }

        DataFeature[] features = [.. schema.Features.Where(f => f.HasIds)];
        int[] places = [.. features.Index().Where(f => f.Item.Name == feature || f.Item.Cross.Contains(feature)).Select(f => f.Index)];
        if (places.Length == 0)
            throw new ArgumentException($"There is no feature '{feature}'; valid are {string.Join(", ", schema.Features.Select(f => f.Name))}.", nameof(feature));
        foreach (int place in places)
            _ids[place].Rearrange(order);
    }

    /// <summary>Number of rows.</summary>
    public int Size { get; internal set; }

    /// <summary>Ids by feature, in the order of <see cref="DataSchema.EmbeddingFeatures"/>.</summary>
    public IReadOnlyList<JaggedIds> Ids => _ids;

    /// <summary>Numbers, [Size × <see cref="DataSchema.NumericCount"/>] row by row.</summary>
    public float[] Numeric { get; }

    /// <summary>Labels, 0 … 1; NaN where an input has none.</summary>
    public float[] Labels { get; }

    /// <summary>Labels of <see cref="DataSchema.Tasks"/>, [Size × tasks] row by row, 0 … 1; NaN where one is not known.</summary>
    public float[] TaskLabels { get; }

    /// <summary>Groups (such as users); −1 where there is none.</summary>
    public long[] Groups { get; }

    /// <summary>Whatever a consumer wants to keep with this object, also while it is filled again: a reusable plan.</summary>
    public object? Tag { get; set; }

    /// <summary>How long the reader's thread took to fill it.</summary>
    public TimeSpan ReadTime { get; internal set; }

    /// <summary>Most rows.</summary>
    internal int Capacity { get; }

    internal JaggedIds[] IdBuffers => _ids;

    /// <summary>Hands the batch back.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isLent, 0) == 1)
            _recycle?.Invoke(this);
    }

    internal void Lend() => Volatile.Write(ref _isLent, 1);

    internal void Clear()
    {
        Size = 0;
        foreach (JaggedIds ids in _ids)
            ids.Clear();
    }
}
