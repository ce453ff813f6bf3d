namespace RecSys.Serving.Client;

/// <summary>The answer to a <see cref="NeighborsRequest"/>.</summary>
public sealed record NeighborsReply
{
    /// <summary>Name of the model.</summary>
    public required string ModelName { get; init; }

    /// <summary>The version that all vectors are of.</summary>
    public required string ModelVersion { get; init; }

    /// <summary>The id that was asked for.</summary>
    public required long Id { get; init; }

    /// <summary>The nearest other ids, the nearest first.</summary>
    public required IReadOnlyList<Neighbor> Neighbors { get; init; }
}
