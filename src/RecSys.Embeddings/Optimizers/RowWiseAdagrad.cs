using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Optimizers;

/// <summary>Row-wise Adagrad: one accumulator per row, a ← a + mean(g²), w ← w − η·g / (√a + ε).</summary>
/// <param name="options">Step size, ε, first value of a, L2.</param>
/// <remarks>Mudigere et al., "Software-Hardware Co-design for Fast and Scalable Training of Deep Learning Recommendation Models",
/// 2022; the formula is that of FBGEMM's EXACT_ROWWISE_ADAGRAD. With L2 the accumulator sees the penalised gradient.</remarks>
public sealed class RowWiseAdagrad(SparseOptimizerOptions options) : SparseOptimizer(options)
{
    private readonly float _epsilon = (float)options.Epsilon;
    private readonly float _initialAccumulator = (float)options.InitialAccumulator;

    /// <inheritdoc/>
    public override string Name => "row_wise_adagrad";

    /// <inheritdoc/>
    internal override double[] RuleNumbers => [LearningRate, _epsilon];

    /// <inheritdoc/>
    public override int StateWidth(int width) => 1;

    /// <inheritdoc/>
    public override void FillInitialState(Span<float> state) => state.Fill(_initialAccumulator);

    /// <inheritdoc/>
    internal override void UpdateFloats(in TableMemory table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
        => EmbeddingKernels.UpdateRowWise(table, LearningRate, _epsilon, L2, rows, gradients);
}
