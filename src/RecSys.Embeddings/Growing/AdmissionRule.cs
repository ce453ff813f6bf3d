namespace RecSys.Embeddings.Growing;

/// <summary>What decides whether a new id gets a row in a growing table.</summary>
public enum AdmissionRule
{
    /// <summary>Nothing: every id gets one.</summary>
    Always,

    /// <summary>Its occurrences, counted exactly.</summary>
    Count,

    /// <summary>Its occurrences, counted by a Bloom filter.</summary>
    CountingBloom,

    /// <summary>A draw in each step in which it occurs.</summary>
    Probability,
}
