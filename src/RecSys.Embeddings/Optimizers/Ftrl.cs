using System.Runtime.CompilerServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Optimizers;

/// <summary>
/// FTRL-proximal per number: n ← n + g², z ← z + g − (√n − √n_old)/α·w; w ← 0 if |z| ≤ λ₁, else
/// −(z − sign(z)·λ₁) / ((β + √n)/α + λ₂).
/// </summary>
/// <remarks>
/// <para>McMahan et al., "Ad Click Prediction: a View from the Trenches", 2013. The first z of a row is the one that gives the
/// row's first values. λ₂ belongs to the rule, so <see cref="SparseOptimizer.L2"/> is 0.</para>
/// <para>Kept is not z but r = z + s·w with s = (β + √n)/α + λ₂, which turns the rule into z = r + g − s·w, r ← z limited to
/// [−λ₁, λ₁], w ← (r − z)/s: the same numbers, and r = 0 describes a row that was never touched, whatever its first values.</para>
/// </remarks>
public sealed class Ftrl : SparseOptimizer
{
    private readonly float _l1;
    private readonly float _l2;
    private readonly float _beta;
    private readonly float _initialAccumulator;

    /// <summary>Creates the optimiser.</summary>
    /// <param name="options">α as the learning rate, β, λ₁, λ₂ and the first value of n.</param>
    /// <exception cref="ArgumentException">A setting is out of range, or β, λ₂ and the first value of n are all 0.</exception>
    public Ftrl(SparseOptimizerOptions options)
        : base(options with { L2 = 0 })
    {
        options.Validate();
        if (options is { Beta: 0, L2: 0, InitialAccumulator: 0 })
            throw new ArgumentException("Options 'beta', 'l2' and 'initial_accumulator' of the sparse optimiser are all 0; one has to be above 0, or a zero gradient divides by zero.", nameof(options));
        _l1 = (float)options.L1;
        _l2 = (float)options.L2;
        _beta = (float)options.Beta;
        _initialAccumulator = (float)options.InitialAccumulator;
    }

    /// <inheritdoc/>
    public override string Name => "ftrl";

    /// <inheritdoc/>
    internal override double[] RuleNumbers => [LearningRate, _beta, _l1, _l2];

    /// <inheritdoc/>
    public override int StateWidth(int width) => 2 * width;

    /// <inheritdoc/>
    public override void FillInitialState(Span<float> state)
    {
        state[..(state.Length / 2)].Fill(_initialAccumulator);
        state[(state.Length / 2)..].Clear();
    }

    /// <inheritdoc/>
    internal override void UpdateFloats(in TableMemory table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
        => EmbeddingKernels.Update(new Rule(LearningRate, _beta, _l1, _l2), table, L2, rows, gradients);

    private readonly struct Rule(float alpha, float beta, float l1, float l2) : IUpdateRule
    {
        public static int StateCount => 2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(ref TLanes value, ref TLanes first, ref TLanes second, TLanes gradient)
            where TLanes : struct, ILanes<TLanes>
        {
            first = TLanes.MultiplyAdd(gradient, gradient, first);
            var scale = ((TLanes.Broadcast(beta) + TLanes.Sqrt(first)) / TLanes.Broadcast(alpha)) + TLanes.Broadcast(l2);
            var z = second + gradient - (scale * value);
            second = TLanes.Max(TLanes.Broadcast(-l1), TLanes.Min(TLanes.Broadcast(l1), z));
            value = (second - z) / scale;
        }
    }
}
