namespace RecSys.Torch.Optim;

/// <summary>Stochastic gradient descent, with momentum if wanted.</summary>
public sealed class SGD : Optimizer
{
    private readonly double _momentum;
    private readonly double _weightDecay;

    /// <summary>Creates the optimiser.</summary>
    /// <param name="parameters">Named parameters, as from a module.</param>
    /// <param name="learningRate">Learning rate, ≥ 0.</param>
    /// <param name="momentum">Part of the last update that goes on, ≥ 0; 0 keeps no state.</param>
    /// <param name="weightDecay">Factor of the L2 penalty, ≥ 0.</param>
    public SGD(
        IEnumerable<(string name, Tensor parameter)> parameters, double learningRate, double momentum = 0, double weightDecay = 0)
        : base(parameters, learningRate, momentum == 0 ? [] : ["momentum_buffer"])
    {
        ArgumentOutOfRangeException.ThrowIfNegative(momentum);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        _momentum = momentum;
        _weightDecay = weightDecay;
    }

    /// <inheritdoc cref="SGD(IEnumerable{ValueTuple{string, Tensor}}, double, double, double)"/>
    public SGD(IEnumerable<Tensor> parameters, double learningRate, double momentum = 0, double weightDecay = 0)
        : this(Number(parameters), learningRate, momentum, weightDecay)
    {
    }

    private protected override void Update(OptimizerStep step)
    {
        Tensor[] update = step.DecayedGradients(_weightDecay);
        if (_momentum != 0)
        {
            Tensor[] buffer = step.States[0];
            Foreach.MultiplyInPlace(buffer, _momentum);
            Foreach.AddInPlace(buffer, update, 1);
            update = buffer;
        }

        Foreach.AddInPlace(step.Parameters, update, -step.LearningRate);
    }
}
