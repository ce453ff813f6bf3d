using RecSys.Torch;

namespace RecSys.Training.Models;

/// <summary>What a model has computed for a mini-batch.</summary>
/// <param name="Logits">[batch].</param>
/// <param name="ExtraLoss">What training adds to the cross-entropy of the logits, a scalar; null for nothing.</param>
/// <param name="TaskLogits">Logits of the further tasks of the data set, [batch, tasks]; null where the model learns the label alone.</param>
public readonly record struct ModelOutput(Tensor Logits, Tensor? ExtraLoss = null, Tensor? TaskLogits = null)
{
    /// <summary>Logits alone.</summary>
    /// <param name="logits">[batch].</param>
    public static implicit operator ModelOutput(Tensor logits) => new(logits);
}
