using System.Text.Json;
using System.Text.Json.Serialization;

namespace RecSys.Training;

/// <summary>The run's <c>metrics.jsonl</c>: one JSON object a line.</summary>
internal sealed class MetricsLog : IDisposable
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
    };

    private readonly StreamWriter _writer;

    /// <summary>Opens the log and drops lines of steps after the given one: they are about to be done again.</summary>
    public MetricsLog(string directory, long step)
    {
        Directory.CreateDirectory(directory);
        string path = Path.Combine(directory, "metrics.jsonl");
        string[] kept = File.Exists(path) && step > 0 ? [.. File.ReadLines(path).Where(line => StepOf(line) <= step)] : [];
        File.WriteAllLines(path + ".tmp", kept);
        File.Move(path + ".tmp", path, overwrite: true);
        _writer = new StreamWriter(path, append: true) { AutoFlush = true };
    }

    /// <summary>Adds a line.</summary>
    public void Write(string name, long step, EvaluationResult result, double? trainLoss = null, double? samplesPerSecond = null)
        => _writer.WriteLine(JsonSerializer.Serialize(
            new Line(name, step, trainLoss, samplesPerSecond, result.Samples, result.Auc, result.Gauc, result.LogLoss, result.NormalizedEntropy, result.Calibration, result.Tasks.Count > 0 ? result.Tasks : null), s_options));

    public void Dispose() => _writer.Dispose();

    // A line cut off by a crash has no step; it goes too.
    private static long StepOf(string line)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            return document.RootElement.GetProperty("step").GetInt64();
        }
        catch (JsonException)
        {
            return long.MaxValue;
        }
    }

    private sealed record Line(
        [property: JsonPropertyName("event")] string Name,
        long Step,
        double? TrainLoss,
        double? SamplesPerSecond,
        long Samples,
        double Auc,
        double Gauc,
        [property: JsonPropertyName("logloss")] double LogLoss,
        double NormalizedEntropy,
        double Calibration,
        IReadOnlyDictionary<string, EvaluationResult>? Tasks);
}
