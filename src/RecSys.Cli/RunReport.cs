using System.Text.Json;
using RecSys.Torch;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli;

/// <summary>The result of one training run: the last line of <c>train --json</c>, and one row of a study's results.</summary>
internal sealed record RunReport
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

    public required double SamplesPerSecond { get; init; }

    public required double EpochSeconds { get; init; }

    public IReadOnlyDictionary<string, double> StepMilliseconds { get; init; } = new Dictionary<string, double>();

    public required long Steps { get; init; }

    public required long BestStep { get; init; }

    public required long EmbeddingBytes { get; init; }

    public long EmbeddingAuxiliaryBytes { get; init; }

    public required long EmbeddingBytesTraining { get; init; }

    public long EmbeddingBytesDisk { get; init; }

    public required double CompressionRatio { get; init; }

    public double? LookupNanoseconds { get; init; }

    public required long PeakRssBytes { get; init; }

    public required int Seed { get; init; }

    public required string Device { get; init; }

    public required string Precision { get; init; }

    public required int Threads { get; init; }

    public required string Blas { get; init; }

    public required string Run { get; init; }

    public static RunReport Create(RunConfig config, string dataset, string run, TrainingResult result, double lookupNanoseconds, Device device)
    {
        var runtime = RuntimeSetup.Report();
        return new()
        {
            Dataset = dataset,
            Model = config.Model.Name,
            Method = config.Embedding.Method.Label,
            Budget = config.Embedding.Method.Budget.ToString(),
            Dimension = config.Embedding.Dimension,
            Auc = result.Test.Auc,
            Gauc = result.Test.Gauc,
            Logloss = result.Test.LogLoss,
            NormalizedEntropy = result.Test.NormalizedEntropy,
            Calibration = result.Test.Calibration,
            ValidationAuc = result.Validation.Auc,
            ValidationLogloss = result.Validation.LogLoss,
            SamplesPerSecond = result.SamplesPerSecond,
            EpochSeconds = result.EpochSeconds,
            StepMilliseconds = NamesOf(result.StepMilliseconds),
            Steps = result.Steps,
            BestStep = result.BestStep,
            EmbeddingBytes = result.Bytes.Serving,
            EmbeddingAuxiliaryBytes = result.Bytes.Auxiliary,
            EmbeddingBytesTraining = result.Bytes.Training,
            EmbeddingBytesDisk = result.Bytes.Disk,
            CompressionRatio = result.Bytes.CompressionRatio,
            LookupNanoseconds = Math.Round(lookupNanoseconds, 2),
            PeakRssBytes = result.PeakRssBytes,
            Seed = config.Train.Seed,
            Device = device.ToString(),
            Precision = config.Train.Precision,
            Threads = runtime.ThreadCount,
            Blas = string.Join(", ", runtime.BlasLibraries),
            Run = run,
        };
    }

    /// <summary>Parts of a step by the names they have in JSON.</summary>
    public static Dictionary<string, double> NamesOf(IReadOnlyDictionary<StepPart, double> milliseconds)
        => milliseconds.ToDictionary(p => NameOf(p.Key), p => Math.Round(p.Value, 3));

    /// <summary>Name of a part of a step in JSON.</summary>
    public static string NameOf(StepPart part) => JsonNamingPolicy.SnakeCaseLower.ConvertName(part.ToString());
}
