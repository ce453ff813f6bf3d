using System.Text.Json;
using System.Text.Json.Serialization;
using RecSys.Cli.Output;
using RecSys.Torch;
using RecSys.Training;
using RecSys.Training.Compression;
using RecSys.Training.Configuration;

namespace RecSys.Cli;

/// <summary>
/// The result of one run: the last line of <c>train --json</c> and of <c>compress --json</c>, and one row of a study's results. What only
/// one of the two measures is null, and not written, in the line of the other.
/// </summary>
internal sealed record RunReport
{
    public required string Dataset { get; init; }

    public required string Model { get; init; }

    public required string Method { get; init; }

    public required string Budget { get; init; }

    public required int Dimension { get; init; }

    /// <summary>On the test split, as all metrics without <c>Validation</c>; not a number where that was left unread.</summary>
    public required double Auc { get; init; }

    public required double Gauc { get; init; }

    public required double Logloss { get; init; }

    public required double NormalizedEntropy { get; init; }

    public required double Calibration { get; init; }

    public required double ValidationAuc { get; init; }

    /// <summary>Null in results of versions that did not write it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? ValidationGauc { get; init; }

    public required double ValidationLogloss { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? SamplesPerSecond { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? EpochSeconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, double>? StepMilliseconds { get; init; }

    /// <summary>Of the rows of tables on the host, where a GPU caches them.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CacheHitRate { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? Steps { get; init; }

    public required long BestStep { get; init; }

    public required long EmbeddingBytes { get; init; }

    public long EmbeddingAuxiliaryBytes { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? EmbeddingBytesTraining { get; init; }

    public long EmbeddingBytesDisk { get; init; }

    public required double CompressionRatio { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? LookupNanoseconds { get; init; }

    /// <summary>Seconds that making the tables took, after training.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? CompressSeconds { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PeakRssBytes { get; init; }

    public required int Seed { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Device { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Precision { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public int? Threads { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Blas { get; init; }

    /// <summary>Metrics of the further tasks that the model has learned.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, EvaluationResult>? Tasks { get; init; }

    /// <summary>What a search has decided about the model.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyDictionary<string, string>? Decisions { get; init; }

    /// <summary>Test metrics by how frequent the id of a feature is.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<SliceReport>? Slices { get; init; }

    /// <summary>Ids that the tables cannot tell apart.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public SharedVectors? SharedVectors { get; init; }

    /// <summary>Seconds that the program took for training, from its start to its end.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public double? Seconds { get; init; }

    /// <summary>This program, .NET and libtorch. Null in results of versions that did not write it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Versions { get; init; }

    /// <summary>Processor, cores, memory. Null in results of versions that did not write it.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? Machine { get; init; }

    /// <summary>Settings of a run of a study, on top of those that its data set and model have there.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<string>? Settings { get; init; }

    /// <summary>Hash of the resolved configuration of a run of a study.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public string? ConfigHash { get; init; }

    public required string Run { get; init; }

    /// <summary>The run that this one was compressed from.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public RunReport? Before { get; init; }

    /// <summary>A trained run.</summary>
    public static RunReport Create(RunConfig config, string dataset, string run, TrainingResult result, double lookupNanoseconds, Device device)
    {
        var runtime = RuntimeSetup.Report();
        return Of(config, dataset, run, result.Test, result.Validation, result.Bytes, result.BestStep, lookupNanoseconds) with
        {
            SamplesPerSecond = result.SamplesPerSecond,
            EpochSeconds = result.EpochSeconds,
            StepMilliseconds = NamesOf(result.StepMilliseconds),
            CacheHitRate = result.CacheHitRate,
            Steps = result.Steps,
            EmbeddingBytesTraining = result.Bytes.Training,
            Decisions = result.Decisions.Count > 0 ? result.Decisions : null,
            PeakRssBytes = result.PeakRssBytes,
            Device = device.ToString(),
            Precision = config.Train.Precision,
            Threads = runtime.ThreadCount,
            Blas = runtime.Blas,
        };
    }

    /// <summary>A run that was compressed after training.</summary>
    public static RunReport Create(CompressionResult result) => Of(result.After, result.DatasetName) with
    {
        CompressSeconds = result.Seconds,
        PeakRssBytes = ProcessMemory.PeakRssBytes(),
        Before = Of(result.Before, result.DatasetName),
    };

    /// <summary>Name in tables of a method that was applied after training.</summary>
    /// <param name="method">The method.</param>
    public static string AfterTraining(string method) => $"{method}, after training";

    /// <summary>What a run is judged by where one is chosen; larger is better.</summary>
    /// <param name="metric"><c>auc</c>, <c>gauc</c> or <c>logloss</c>, on validation.</param>
    public double Goodness(string metric) => metric switch
    {
        "logloss" => -ValidationLogloss,
        "gauc" => ValidationGauc ?? double.NaN,
        _ => ValidationAuc,
    };

    /// <summary>The run with what <c>evaluate --json</c> says of its test split.</summary>
    /// <param name="slices">Its slices.</param>
    /// <param name="result">Its result line.</param>
    public RunReport Evaluated(IReadOnlyList<SliceReport> slices, JsonElement result)
    {
        var metrics = result.Deserialize<EvaluationResult>(JsonLines.Options)!;
        return this with
        {
            Auc = metrics.Auc,
            Gauc = metrics.Gauc,
            Logloss = metrics.LogLoss,
            NormalizedEntropy = metrics.NormalizedEntropy,
            Calibration = metrics.Calibration,
            Tasks = result.TryGetProperty("tasks", out var tasks) ? tasks.Deserialize<Dictionary<string, EvaluationResult>>(JsonLines.Options) : null,
            Slices = slices.Count > 0 ? slices : null,
            SharedVectors = result.TryGetProperty("shared_vectors", out var shared) ? shared.Deserialize<SharedVectors>(JsonLines.Options) : null,
        };
    }

    /// <summary>Parts of a step by the names they have in JSON.</summary>
    public static Dictionary<string, double> NamesOf(IReadOnlyDictionary<StepPart, double> milliseconds)
        => milliseconds.ToDictionary(p => NameOf(p.Key), p => Math.Round(p.Value, 3));

    /// <summary>Name of a part of a step in JSON.</summary>
    public static string NameOf(StepPart part) => JsonNamingPolicy.SnakeCaseLower.ConvertName(part.ToString());

    private static RunReport Of(CompressionFigures figures, string dataset)
        => Of(figures.Config, dataset, figures.Directory, figures.Test, figures.Validation, figures.Bytes, figures.Step, figures.LookupNanoseconds);

    private static RunReport Of(RunConfig config, string dataset, string run, EvaluationResult? test, EvaluationResult validation, EmbeddingBytes bytes, long bestStep, double lookupNanoseconds) => new()
    {
        Dataset = dataset,
        Model = config.Model.Name,
        Method = config.Embedding.Method.Label,
        Budget = config.Embedding.Method.Budget.ToString(),
        Dimension = config.Embedding.Dimension,
        Auc = test?.Auc ?? double.NaN,
        Gauc = test?.Gauc ?? double.NaN,
        Logloss = test?.LogLoss ?? double.NaN,
        NormalizedEntropy = test?.NormalizedEntropy ?? double.NaN,
        Calibration = test?.Calibration ?? double.NaN,
        ValidationAuc = validation.Auc,
        ValidationGauc = validation.Gauc,
        ValidationLogloss = validation.LogLoss,
        Tasks = test?.Tasks.Count > 0 ? test.Tasks : null,
        BestStep = bestStep,
        EmbeddingBytes = bytes.Serving,
        EmbeddingAuxiliaryBytes = bytes.Auxiliary,
        EmbeddingBytesDisk = bytes.Disk,
        CompressionRatio = bytes.CompressionRatio,
        LookupNanoseconds = Math.Round(lookupNanoseconds, 2),
        Seed = config.Train.Seed,
        Run = run,
        Versions = Cli.Machine.Versions(RuntimeSetup.Report().LibtorchVersion),
        Machine = Cli.Machine.Description,
    };
}
