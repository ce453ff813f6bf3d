namespace RecSys.Data;

/// <summary>How well the true probabilities themselves do on the test rows: no model can be better but by luck.</summary>
/// <param name="Auc">Area under the ROC curve.</param>
/// <param name="LogLoss">Mean negative log-likelihood in nats.</param>
public sealed record BestKnown(double Auc, double LogLoss);
