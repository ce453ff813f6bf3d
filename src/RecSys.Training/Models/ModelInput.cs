using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>What a model computes its logits from. The tensors live in the dispose scope of the step.</summary>
/// <param name="BatchSize">Number of samples.</param>
/// <param name="Numeric">Numeric features, [batch, numeric count]; null when the data set has none.</param>
/// <param name="Sets">Looked-up vectors, one entry per <see cref="CtrModel.Sets"/>.</param>
/// <param name="Labels">0 or 1, [batch], while training; null when scoring.</param>
/// <param name="TaskLabels">Labels of further tasks, [batch, tasks], NaN where one is not known, while training; null when scoring and without tasks.</param>
public sealed record ModelInput(int BatchSize, Tensor? Numeric, IReadOnlyList<SetVectors> Sets, Tensor? Labels = null, Tensor? TaskLabels = null);
