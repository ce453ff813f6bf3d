using System.Text.Json.Serialization;
using RecSys.Training.Metrics;

namespace RecSys.Training;

/// <summary>Quality of predictions over a whole split.</summary>
/// <param name="Samples">Number of samples.</param>
/// <param name="Auc">Area under the ROC curve; NaN when one class is missing.</param>
/// <param name="Gauc">AUC within groups, weighted by size; NaN without a group column.</param>
/// <param name="LogLoss">Mean binary cross-entropy, nats.</param>
/// <param name="NormalizedEntropy">Log loss over the entropy of the base rate.</param>
/// <param name="Calibration">Predicted over observed positives.</param>
public sealed record EvaluationResult(long Samples, double Auc, double Gauc, [property: JsonPropertyName("logloss")] double LogLoss, double NormalizedEntropy, double Calibration)
{
    private static readonly Dictionary<string, EvaluationResult> s_noTasks = [];

    /// <summary>The same for each further task that the model has learned, over the samples whose label is known.</summary>
    [JsonIgnore]
    public IReadOnlyDictionary<string, EvaluationResult> Tasks { get; init; } = s_noTasks;

    /// <summary>Computes all metrics.</summary>
    /// <param name="logits">Logits.</param>
    /// <param name="labels">Labels, 0 or 1.</param>
    /// <param name="groups">Groups, or empty.</param>
    public static EvaluationResult Compute(ReadOnlySpan<float> logits, ReadOnlySpan<float> labels, ReadOnlySpan<long> groups)
        => new(
            logits.Length,
            BinaryMetrics.Auc(logits, labels),
            groups.IsEmpty ? double.NaN : BinaryMetrics.Gauc(logits, labels, groups),
            BinaryMetrics.LogLoss(logits, labels),
            BinaryMetrics.NormalizedEntropy(logits, labels),
            BinaryMetrics.Calibration(logits, labels));

    /// <summary>The metric by its name in the configuration, turned so that larger is better.</summary>
    /// <param name="name"><c>auc</c>, <c>gauc</c> or <c>logloss</c>.</param>
    public double Goodness(string name) => name switch
    {
        "gauc" => Gauc,
        "logloss" => -LogLoss,
        _ => Auc,
    };
}
