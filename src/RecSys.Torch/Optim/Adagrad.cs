namespace RecSys.Torch.Optim;

/// <summary>Adagrad: a learning rate per element that falls with the sum of its squared gradients.</summary>
/// <remarks>Duchi, Hazan and Singer, "Adaptive Subgradient Methods", 2011.</remarks>
public sealed class Adagrad : Optimizer
{
    private readonly double _learningRateDecay;
    private readonly double _weightDecay;
    private readonly double _eps;

    /// <summary>Creates the optimiser.</summary>
    /// <param name="parameters">Named parameters, as from a module.</param>
    /// <param name="learningRate">Learning rate, ≥ 0.</param>
    /// <param name="learningRateDecay">The rate is divided by 1 + (step − 1)·decay, ≥ 0.</param>
    /// <param name="weightDecay">Factor of the L2 penalty, ≥ 0.</param>
    /// <param name="initialAccumulator">First sum of squares, ≥ 0.</param>
    /// <param name="eps">Added to the denominator.</param>
    public Adagrad(
        IEnumerable<(string name, Tensor parameter)> parameters,
        double learningRate = 1e-2,
        double learningRateDecay = 0,
        double weightDecay = 0,
        double initialAccumulator = 0,
        double eps = 1e-10)
        : base(parameters, learningRate, "sum")
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRateDecay);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        ArgumentOutOfRangeException.ThrowIfNegative(initialAccumulator);
        _learningRateDecay = learningRateDecay;
        _weightDecay = weightDecay;
        _eps = eps;
        FillState(0, initialAccumulator);
    }

    /// <inheritdoc cref="Adagrad(IEnumerable{ValueTuple{string, Tensor}}, double, double, double, double, double)"/>
    public Adagrad(
        IEnumerable<Tensor> parameters,
        double learningRate = 1e-2,
        double learningRateDecay = 0,
        double weightDecay = 0,
        double initialAccumulator = 0,
        double eps = 1e-10)
        : this(Number(parameters), learningRate, learningRateDecay, weightDecay, initialAccumulator, eps)
    {
    }

    private protected override void Update(OptimizerStep step)
    {
        Tensor[] gradients = step.DecayedGradients(_weightDecay);
        Tensor[] sum = step.States[0];
        Foreach.AddProductInPlace(sum, gradients, gradients, 1);
        Tensor[] denominator = Foreach.Sqrt(sum);
        Foreach.AddInPlace(denominator, _eps);
        double[] factors = step.PerParameter(count => -step.LearningRate / (1 + (count - 1) * _learningRateDecay));
        Foreach.AddQuotientInPlace(step.Parameters, gradients, denominator, factors);
    }
}
