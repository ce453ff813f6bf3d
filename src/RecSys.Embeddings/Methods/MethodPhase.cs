namespace RecSys.Embeddings.Methods;

/// <summary>A part of a run in which a method's tables keep their shape.</summary>
/// <param name="Name">Name in progress lines and logs, lower snake case.</param>
/// <param name="Epochs">Passes over the training split; null takes those of the run, 0 only converts what the phase before has trained.</param>
/// <param name="RunsToEnd">
/// True when the method changes its tables from step to step: the phase is not stopped early, and goes on with its last rows instead of
/// those with the best validation metric.
/// </param>
/// <param name="ChangesAddressing">
/// True when ids change their rows from step to step: mini-batches cannot be planned ahead, but only when the step before has ended.
/// </param>
public sealed record MethodPhase(string Name, int? Epochs, bool RunsToEnd = false, bool ChangesAddressing = false)
{
    /// <summary>
    /// True when every step is followed by a mini-batch of the validation split, whose gradients are handed to
    /// <see cref="EmbeddingMethod.LearnFromValidation"/> and to nothing else.
    /// </summary>
    public bool LearnsFromValidation { get; init; }

    /// <summary>True when <see cref="EmbeddingMethod.BeforeEpoch"/> may lay out the tables anew.</summary>
    public bool RebuildsTables { get; init; }

    /// <summary>The only phase of most methods.</summary>
    public static MethodPhase Train { get; } = new("train", Epochs: null);
}
