using RecSys.Training.Configuration;

namespace RecSys.Training.Compression;

/// <summary>A run before or after it was compressed.</summary>
/// <param name="Directory">The run's folder.</param>
/// <param name="Config">Its configuration.</param>
/// <param name="Validation">Metrics on the validation split.</param>
/// <param name="Test">Metrics on the test split.</param>
/// <param name="Bytes">Memory of the embeddings.</param>
/// <param name="Step">Step of the checkpoint.</param>
/// <param name="LookupNanoseconds">See <see cref="LookupSpeed.Nanoseconds"/>.</param>
public sealed record CompressionFigures(string Directory, RunConfig Config, EvaluationResult Validation, EvaluationResult Test, EmbeddingBytes Bytes, long Step, double LookupNanoseconds);
