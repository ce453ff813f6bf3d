using System.Text.Json.Serialization;

namespace RecSys.Training;

/// <summary>What logs and results say of a task beside the label's.</summary>
/// <param name="Samples">Samples whose label is known.</param>
/// <param name="Auc">Area under the ROC curve.</param>
/// <param name="Gauc">AUC within groups.</param>
/// <param name="LogLoss">Mean binary cross-entropy, nats.</param>
/// <param name="NormalizedEntropy">Log loss over the entropy of the base rate.</param>
/// <param name="Calibration">Predicted over observed positives.</param>
public sealed record TaskMetrics(long Samples, double Auc, double Gauc, [property: JsonPropertyName("logloss")] double LogLoss, double NormalizedEntropy, double Calibration)
{
    /// <summary>The tasks of a result by name; null without any.</summary>
    /// <param name="result">The result.</param>
    public static IReadOnlyDictionary<string, TaskMetrics>? Of(EvaluationResult result) => result.Tasks.Count == 0 ? null : result.Tasks.ToDictionary(
        task => task.Key, task => new TaskMetrics(task.Value.Samples, task.Value.Auc, task.Value.Gauc, task.Value.LogLoss, task.Value.NormalizedEntropy, task.Value.Calibration));
}
