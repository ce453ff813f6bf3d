using System.Text.Json.Serialization;
using RecSys.Training;
using RecSys.Training.Compression;

namespace RecSys.Cli;

/// <summary>The result of <c>compress --json</c>: the compressed run, with the names of <see cref="RunReport"/>, and beside it the run it was made of.</summary>
internal sealed record CompressReport
{
    public required string Dataset { get; init; }

    public required string Model { get; init; }

    public required string Method { get; init; }

    public required string Budget { get; init; }

    public required int Dimension { get; init; }

    public required double Auc { get; init; }

    public required double Gauc { get; init; }

    public required double Logloss { get; init; }

    public required double NormalizedEntropy { get; init; }

    public required double Calibration { get; init; }

    public required double ValidationAuc { get; init; }

    public required double ValidationLogloss { get; init; }

    public required long BestStep { get; init; }

    public required long EmbeddingBytes { get; init; }

    public required long EmbeddingAuxiliaryBytes { get; init; }

    public required long EmbeddingBytesDisk { get; init; }

    public required double CompressionRatio { get; init; }

    public required int Seed { get; init; }

    public required string Run { get; init; }

    /// <summary>Seconds that making the tables took.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CompressSeconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PeakRssBytes { get; init; }

    /// <summary>The run as it was.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public CompressReport? Before { get; init; }

    public static CompressReport Create(CompressionResult result) => Of(result.After, result.DatasetName) with
    {
        CompressSeconds = result.Seconds,
        PeakRssBytes = ProcessMemory.PeakRssBytes(),
        Before = Of(result.Before, result.DatasetName),
    };

    private static CompressReport Of(CompressionFigures figures, string dataset) => new()
    {
        Dataset = dataset,
        Model = figures.Config.Model.Name,
        Method = figures.Config.Embedding.Method.Label,
        Budget = figures.Config.Embedding.Method.Budget.ToString(),
        Dimension = figures.Config.Embedding.Dimension,
        Auc = figures.Test.Auc,
        Gauc = figures.Test.Gauc,
        Logloss = figures.Test.LogLoss,
        NormalizedEntropy = figures.Test.NormalizedEntropy,
        Calibration = figures.Test.Calibration,
        ValidationAuc = figures.Validation.Auc,
        ValidationLogloss = figures.Validation.LogLoss,
        BestStep = figures.Step,
        EmbeddingBytes = figures.Bytes.Serving,
        EmbeddingAuxiliaryBytes = figures.Bytes.Auxiliary,
        EmbeddingBytesDisk = figures.Bytes.Disk,
        CompressionRatio = figures.Bytes.CompressionRatio,
        Seed = figures.Config.Train.Seed,
        Run = figures.Directory,
    };
}
