namespace RecSys.Serving.Client;

/// <summary>The answer to a <see cref="LookupRequest"/>.</summary>
public sealed record LookupReply
{
    /// <summary>Name of the model.</summary>
    public required string ModelName { get; init; }

    /// <summary>The version that all vectors are of.</summary>
    public required string ModelVersion { get; init; }

    /// <summary>Vectors by the names of the request.</summary>
    public required IReadOnlyDictionary<string, FeatureVectors> Features { get; init; }
}
