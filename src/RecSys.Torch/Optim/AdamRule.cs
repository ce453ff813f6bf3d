namespace RecSys.Torch.Optim;

/// <summary>The step that Adam and AdamW share.</summary>
internal sealed class AdamRule
{
    private readonly double _beta1;
    private readonly double _beta2;
    private readonly double _eps;

    internal AdamRule(double beta1, double beta2, double eps)
    {
        CheckDecay(beta1, nameof(beta1));
        CheckDecay(beta2, nameof(beta2));
        ArgumentOutOfRangeException.ThrowIfNegative(eps);
        _beta1 = beta1;
        _beta2 = beta2;
        _eps = eps;
    }

    /// <summary>Mean of the gradients, mean of their squares.</summary>
    internal static string[] StateNames => ["exp_avg", "exp_avg_sq"];

    internal void Update(OptimizerStep step, Tensor[] gradients)
    {
        Tensor[] mean = step.States[0];
        Tensor[] square = step.States[1];
        Foreach.MultiplyInPlace(mean, _beta1);
        Foreach.AddInPlace(mean, gradients, 1 - _beta1);
        Foreach.MultiplyInPlace(square, _beta2);
        Foreach.AddProductInPlace(square, gradients, gradients, 1 - _beta2);
        Tensor[] denominator = Foreach.Sqrt(square);
        Foreach.DivideInPlace(denominator, step.PerParameter(count => Math.Sqrt(1 - Math.Pow(_beta2, count))));
        Foreach.AddInPlace(denominator, _eps);
        double[] factors = step.PerParameter(count => -step.LearningRate / (1 - Math.Pow(_beta1, count)));
        Foreach.AddQuotientInPlace(step.Parameters, mean, denominator, factors);
    }

    private static void CheckDecay(double value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(value, 1, name);
    }
}
