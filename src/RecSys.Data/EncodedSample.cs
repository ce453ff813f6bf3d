namespace RecSys.Data;

/// <summary>The ids and numbers of one sample. What is not set is missing: id 0, no ids, or the number 0.</summary>
public sealed class EncodedSample
{
    /// <summary>Creates a sample of which everything is missing.</summary>
    /// <param name="schema">Its features.</param>
    public EncodedSample(DataSchema schema)
    {
        Ids = [.. schema.EmbeddingFeatures.Select(f => f.IsSingle ? new long[1] : [])];
        Numbers = new float[schema.NumericCount];
    }

    private EncodedSample(EncodedSample other)
    {
        Ids = [.. other.Ids];
        Numbers = [.. other.Numbers];
    }

    /// <summary>Ids by feature, in the order of <see cref="DataSchema.EmbeddingFeatures"/>: one where the feature has exactly one.</summary>
    public long[][] Ids { get; }

    /// <summary>Numbers in the order of <see cref="DataSchema.NumericNames"/>.</summary>
    public float[] Numbers { get; }

    /// <summary>A copy, of which features can be replaced.</summary>
    public EncodedSample Copy() => new(this);
}
