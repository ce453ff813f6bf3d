namespace RecSys.Training.Compression;

/// <summary>What compressing a run has cost and saved.</summary>
/// <param name="Before">The run.</param>
/// <param name="After">The compressed run.</param>
/// <param name="DatasetName">Name of the data set.</param>
/// <param name="Seconds">Time that making the tables took, without evaluations.</param>
public sealed record CompressionResult(CompressionFigures Before, CompressionFigures After, string DatasetName, double Seconds);
