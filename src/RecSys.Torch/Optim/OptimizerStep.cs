namespace RecSys.Torch.Optim;

/// <summary>What an update rule works on: the parameters that have a gradient, entry by entry.</summary>
/// <param name="Parameters">Parameters to change.</param>
/// <param name="Gradients">Their gradients; rules leave them as they are.</param>
/// <param name="States">States to change, [state][parameter].</param>
/// <param name="Counts">Number of steps of each parameter, this one included.</param>
/// <param name="LearningRate">Learning rate.</param>
internal readonly record struct OptimizerStep(
    Tensor[] Parameters, Tensor[] Gradients, Tensor[][] States, long[] Counts, double LearningRate)
{
    /// <summary>Gradients with the L2 penalty's added: g + decay·w.</summary>
    internal Tensor[] DecayedGradients(double weightDecay)
        => weightDecay == 0 ? Gradients : Foreach.Add(Gradients, Parameters, weightDecay);

    /// <summary>A number for each parameter, from its number of steps.</summary>
    internal double[] PerParameter(Func<long, double> rule) => Array.ConvertAll(Counts, count => rule(count));
}
