namespace RecSys.Embeddings;

/// <summary>How the vectors of one sample's ids become the output.</summary>
public enum Pooling
{
    /// <summary>Sum over the ids of the sample; a sample without ids gives the zero vector.</summary>
    Sum,

    /// <summary>Mean over the ids of the sample; a sample without ids gives the zero vector.</summary>
    Mean,

    /// <summary>No pooling: one vector per id, sample after sample; nothing is padded.</summary>
    None,
}
