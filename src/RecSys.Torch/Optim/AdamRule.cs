namespace RecSys.Torch.Optim;

/// <summary>The step that Adam and AdamW share.</summary>
internal sealed class AdamRule
{
    private static readonly Operator s_adam = new("recsys::adam_");
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

    internal void Update(OptimizerStep step, Tensor[] gradients) => s_adam.Run(
        step.Parameters,
        gradients,
        step.States[0],
        step.States[1],
        step.PerParameter(count => step.LearningRate / (1 - Math.Pow(_beta1, count))),
        step.PerParameter(count => Math.Sqrt(1 - Math.Pow(_beta2, count))),
        _beta1,
        _beta2,
        _eps);

    private static void CheckDecay(double value, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(value, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(value, 1, name);
    }
}
