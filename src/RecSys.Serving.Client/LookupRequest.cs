namespace RecSys.Serving.Client;

/// <summary>A look-up of embedding vectors: <c>POST /v1/lookup</c>.</summary>
public sealed record LookupRequest
{
    /// <summary>Name of the model; null where the server has only one.</summary>
    public string? Model { get; init; }

    /// <summary>Version of the model; null takes the current one.</summary>
    public string? Version { get; init; }

    /// <summary>Name of the embedding set; null takes the widest.</summary>
    public string? Set { get; init; }

    /// <summary>What is looked up, by the name of the feature or of its field.</summary>
    public required IReadOnlyDictionary<string, FeatureIds> Features { get; init; }
}
