namespace RecSys.Torch.Optim;

/// <summary>Adam; weight decay is an L2 penalty on the loss.</summary>
/// <remarks>Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015.</remarks>
public sealed class Adam : Optimizer
{
    private readonly AdamRule _rule;
    private readonly double _weightDecay;

    /// <summary>Creates the optimiser.</summary>
    /// <param name="parameters">Named parameters, as from a module.</param>
    /// <param name="learningRate">Learning rate, ≥ 0.</param>
    /// <param name="beta1">Decay of the mean of gradients, in [0, 1).</param>
    /// <param name="beta2">Decay of the mean of squared gradients, in [0, 1).</param>
    /// <param name="eps">Added to the denominator.</param>
    /// <param name="weightDecay">Factor of the L2 penalty, ≥ 0.</param>
    public Adam(
        IEnumerable<(string name, Tensor parameter)> parameters,
        double learningRate = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 0)
        : base(parameters, learningRate, AdamRule.StateNames)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        _rule = new AdamRule(beta1, beta2, eps);
        _weightDecay = weightDecay;
    }

    /// <inheritdoc cref="Adam(IEnumerable{ValueTuple{string, Tensor}}, double, double, double, double, double)"/>
    public Adam(
        IEnumerable<Tensor> parameters,
        double learningRate = 1e-3,
        double beta1 = 0.9,
        double beta2 = 0.999,
        double eps = 1e-8,
        double weightDecay = 0)
        : this(Number(parameters), learningRate, beta1, beta2, eps, weightDecay)
    {
    }

    private protected override void Update(OptimizerStep step) => _rule.Update(step, step.DecayedGradients(_weightDecay));
}
