namespace RecSys.Serving.Client;

/// <summary>Samples to score: <c>POST /v1/score</c>.</summary>
/// <remarks>
/// Values are texts, numbers, or lists of them for bags and histories (the oldest first), by the name of the feature. A feature that is left
/// out, or null, is missing.
/// </remarks>
public sealed record ScoreRequest
{
    /// <summary>Name of the model; null where the server has only one.</summary>
    public string? Model { get; init; }

    /// <summary>Version of the model; null takes the current one.</summary>
    public string? Version { get; init; }

    /// <summary>What all samples have in common, such as the user and the history.</summary>
    public IReadOnlyDictionary<string, object?>? Features { get; init; }

    /// <summary>What differs between samples, such as the candidates of one user; null for one sample.</summary>
    public IReadOnlyList<IReadOnlyDictionary<string, object?>>? Samples { get; init; }
}
