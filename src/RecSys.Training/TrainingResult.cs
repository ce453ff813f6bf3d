namespace RecSys.Training;

/// <summary>What a finished run reports.</summary>
/// <param name="Test">Metrics of the best checkpoint on the test split; null where it was to be left unread.</param>
/// <param name="Validation">Metrics of the best checkpoint on the validation split.</param>
/// <param name="BestStep">Step of the best checkpoint.</param>
/// <param name="Steps">Steps of the whole run, including those before a resume.</param>
/// <param name="SamplesPerSecond">Training steps only, after warm-up, waiting for input included; NaN when the run was too short.</param>
/// <param name="EpochSeconds">Training seconds of one epoch at that speed.</param>
/// <param name="StepMilliseconds">Mean time of each part of a step, see <see cref="StepClock"/>; NaN when the run was too short.</param>
/// <param name="CacheHitRate">Share of the rows updated in tables on the host that the GPU had cached, in the last phase; null without a cache.</param>
/// <param name="Bytes">Memory of the embeddings.</param>
/// <param name="Decisions">What a search has decided about the model: choices by what they are about; empty where nothing was searched.</param>
/// <param name="PeakRssBytes">Largest resident memory of the process.</param>
public sealed record TrainingResult(
    EvaluationResult? Test,
    EvaluationResult Validation,
    long BestStep,
    long Steps,
    double SamplesPerSecond,
    double EpochSeconds,
    IReadOnlyDictionary<StepPart, double> StepMilliseconds,
    double? CacheHitRate,
    EmbeddingBytes Bytes,
    IReadOnlyDictionary<string, string> Decisions,
    long PeakRssBytes);
