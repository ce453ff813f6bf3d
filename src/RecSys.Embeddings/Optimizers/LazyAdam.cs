using System.Diagnostics;
using System.Runtime.CompilerServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Optimizers;

/// <summary>
/// Adam on touched rows only: m ← β₁m + (1 − β₁)g, v ← β₂v + (1 − β₂)g², w ← w − η·√(1 − β₂ᵗ)/(1 − β₁ᵗ) · m / (√v + ε). Moments of
/// other rows neither decay nor move their row; t counts the steps of the whole run.
/// </summary>
/// <param name="options">Step size, β₁, β₂, ε, L2.</param>
/// <remarks>Kingma and Ba, "Adam: A Method for Stochastic Optimization", 2015; the formula, with ε outside of the bias correction,
/// is that of PyTorch's SparseAdam.</remarks>
public sealed class LazyAdam(SparseOptimizerOptions options) : SparseOptimizer(options)
{
    private readonly double _beta1 = options.Beta1;
    private readonly double _beta2 = options.Beta2;
    private readonly float _epsilon = (float)options.Epsilon;

    /// <inheritdoc/>
    public override string Name => "lazy_adam";

    private double Correction => Math.Sqrt(1 - Math.Pow(_beta2, StepCount)) / (1 - Math.Pow(_beta1, StepCount));

    /// <inheritdoc/>
    internal override double[] RuleNumbers => [LearningRate * Correction, 1 - _beta1, 1 - _beta2, _epsilon];

    /// <inheritdoc/>
    public override int StateWidth(int width) => 2 * width;

    /// <inheritdoc/>
    internal override void UpdateFloats(in TableMemory table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
    {
        Debug.Assert(StepCount > 0, "BeginStep comes before Update: the bias correction of step 0 divides by zero.");
        EmbeddingKernels.Update(new Rule((float)(LearningRate * Correction), (float)(1 - _beta1), (float)(1 - _beta2), _epsilon), table, L2, rows, gradients);
    }

    private readonly struct Rule(float rate, float share1, float share2, float epsilon) : IUpdateRule
    {
        public static int StateCount => 2;

        // β·m + (1 − β)·g written as m + (1 − β)·(g − m): one rounding less.
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(ref TLanes value, ref TLanes first, ref TLanes second, TLanes gradient)
            where TLanes : struct, ILanes<TLanes>
        {
            first = TLanes.MultiplyAdd(TLanes.Broadcast(share1), gradient - first, first);
            second = TLanes.MultiplyAdd(TLanes.Broadcast(share2), (gradient * gradient) - second, second);
            value -= TLanes.Broadcast(rate) * first / (TLanes.Sqrt(second) + TLanes.Broadcast(epsilon));
        }
    }
}
