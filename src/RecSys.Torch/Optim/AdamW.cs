namespace RecSys.Torch.Optim;

/// <summary>Adam with weight decay apart from the gradient: w ← (1 − learning rate · decay)·w before the step.</summary>
/// <remarks>Loshchilov and Hutter, "Decoupled Weight Decay Regularization", 2019.</remarks>
public sealed class AdamW : Optimizer
{
    private readonly AdamRule _rule;
    private readonly double _weightDecay;

    /// <summary>Creates the optimiser.</summary>
    /// <param name="parameters">Named parameters, as from a module.</param>
    /// <param name="learningRate">Learning rate, ≥ 0.</param>
    /// <param name="beta1">Decay of the mean of gradients, in [0, 1).</param>
    /// <param name="beta2">Decay of the mean of squared gradients, in [0, 1).</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="weightDecay">Decay of the weights, ≥ 0.</param>
    public AdamW(
        IEnumerable<(string name, Tensor parameter)> parameters,
        double learningRate = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 1e-2)
        : base(parameters, learningRate, AdamRule.StateNames)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        _rule = new AdamRule(beta1, beta2, eps);
        _weightDecay = weightDecay;
    }

    /// <inheritdoc cref="AdamW(IEnumerable{ValueTuple{string, Tensor}}, double, double, double, double, double)"/>
    public AdamW(
        IEnumerable<Tensor> parameters,
        double learningRate = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 1e-2)
        : this(Number(parameters), learningRate, beta1, beta2, eps, weightDecay)
    {
    }

    private protected override void Update(OptimizerStep step)
    {
        if (_weightDecay != 0)
            Foreach.MultiplyInPlace(step.Parameters, 1 - step.LearningRate * _weightDecay);
        _rule.Update(step, step.Gradients);
    }
}
