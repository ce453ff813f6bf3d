using System.Runtime.CompilerServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Optimizers;

/// <summary>Stochastic gradient descent: w ← w − η·g. No state.</summary>
/// <param name="options">Step size and L2.</param>
public sealed class Sgd(SparseOptimizerOptions options) : SparseOptimizer(options)
{
    /// <inheritdoc/>
    public override string Name => "sgd";

    /// <inheritdoc/>
    internal override double[] RuleNumbers => [LearningRate];

    /// <inheritdoc/>
    public override int StateWidth(int width) => 0;

    /// <inheritdoc/>
    internal override void UpdateFloats(in TableMemory table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
        => EmbeddingKernels.Update(new Rule(LearningRate), table, L2, rows, gradients);

    private readonly struct Rule(float rate) : IUpdateRule
    {
        public static int StateCount => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(ref TLanes value, ref TLanes first, ref TLanes second, TLanes gradient)
            where TLanes : struct, ILanes<TLanes>
            => value = TLanes.MultiplyAdd(TLanes.Broadcast(-rate), gradient, value);
    }
}
