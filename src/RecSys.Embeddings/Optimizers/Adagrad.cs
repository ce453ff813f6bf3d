using System.Runtime.CompilerServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Optimizers;

/// <summary>Adagrad: a ← a + g², w ← w − η·g / (√a + ε), per number.</summary>
/// <param name="options">Step size, ε, first value of a, L2.</param>
/// <remarks>Duchi et al., "Adaptive Subgradient Methods for Online Learning and Stochastic Optimization", 2011; the formula is
/// PyTorch's.</remarks>
public sealed class Adagrad(SparseOptimizerOptions options) : SparseOptimizer(options)
{
    private readonly float _epsilon = (float)options.Epsilon;
    private readonly float _initialAccumulator = (float)options.InitialAccumulator;

    /// <inheritdoc/>
    public override string Name => "adagrad";

    /// <inheritdoc/>
    internal override double[] RuleNumbers => [LearningRate, _epsilon];

    /// <inheritdoc/>
    public override int StateWidth(int width) => width;

    /// <inheritdoc/>
    public override void FillInitialState(Span<float> state) => state.Fill(_initialAccumulator);

    /// <inheritdoc/>
    internal override void UpdateFloats(in TableMemory table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
        => EmbeddingKernels.Update(new Rule(LearningRate, _epsilon), table, L2, rows, gradients);

    private readonly struct Rule(float rate, float epsilon) : IUpdateRule
    {
        public static int StateCount => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(ref TLanes value, ref TLanes first, ref TLanes second, TLanes gradient)
            where TLanes : struct, ILanes<TLanes>
        {
            first = TLanes.MultiplyAdd(gradient, gradient, first);
            value -= TLanes.Broadcast(rate) * gradient / (TLanes.Sqrt(first) + TLanes.Broadcast(epsilon));
        }
    }
}
