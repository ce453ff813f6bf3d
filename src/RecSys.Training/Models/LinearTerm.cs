using RecSys.Torch;
using RecSys.Torch.Modules;

namespace RecSys.Training.Models;

/// <summary>The first-order part: global bias, one weight per id, one weight per numeric feature.</summary>
internal sealed class LinearTerm : Module
{
    private readonly Tensor _bias;
    private readonly Tensor? _numericWeight;

    /// <summary>Creates the term.</summary>
    /// <param name="numericCount">Number of numeric features.</param>
    public LinearTerm(int numericCount)
    {
        _bias = register_parameter("bias", torch.zeros([1]));
        if (numericCount > 0)
            _numericWeight = register_parameter("numeric_weight", torch.zeros([numericCount, 1]));
    }

    /// <summary>b + Σ w of the looked-up ids + Σ w·x of the numeric features, [batch].</summary>
    /// <param name="weights">Looked-up first-order weights, [batch, feature, 1].</param>
    /// <param name="numeric">Numeric features, or null.</param>
    public Tensor Forward(Tensor weights, Tensor? numeric)
    {
        var sum = weights.flatten(1).sum(1) + _bias;
        return _numericWeight is null || numeric is null ? sum : sum + numeric.matmul(_numericWeight).squeeze(1);
    }
}
