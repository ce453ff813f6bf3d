namespace RecSys.Serving.Client;

/// <summary>The answer to a <see cref="ScoreRequest"/>.</summary>
public sealed record ScoreReply
{
    /// <summary>Name of the model.</summary>
    public required string ModelName { get; init; }

    /// <summary>The version that all scores are of.</summary>
    public required string ModelVersion { get; init; }

    /// <summary>Click probabilities, one per sample, in the order of the request.</summary>
    public required IReadOnlyList<float> Scores { get; init; }

    /// <summary>The same for each further task that the model has learned, by its name; null where it learns the label alone.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<float>>? TaskScores { get; init; }
}
