namespace RecSys.Serving.Client;

/// <summary>The ids whose vectors point in the direction of another's: <c>POST /v1/neighbors</c>.</summary>
public sealed record NeighborsRequest
{
    /// <summary>Name of the model; null where the server has only one.</summary>
    public string? Model { get; init; }

    /// <summary>Version of the model; null takes the current one.</summary>
    public string? Version { get; init; }

    /// <summary>Name of the embedding set; null takes the widest.</summary>
    public string? Set { get; init; }

    /// <summary>The feature, or its field.</summary>
    public required string Feature { get; init; }

    /// <summary>The id; null when there is a <see cref="Value"/>.</summary>
    public long? Id { get; init; }

    /// <summary>The raw value; null when there is an <see cref="Id"/>.</summary>
    public string? Value { get; init; }

    /// <summary>How many are wanted, 1 … 100.</summary>
    /// <value>10 by default.</value>
    public int Count { get; init; } = 10;
}
