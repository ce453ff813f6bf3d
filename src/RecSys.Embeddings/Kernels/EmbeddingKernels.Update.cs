using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

public static unsafe partial class EmbeddingKernels
{
    /// <summary>Runs an optimiser's rule over distinct rows: the gradient of a row is its summed gradient plus λ times its values.</summary>
    /// <param name="rule">The rule.</param>
    /// <param name="table">Values and state.</param>
    /// <param name="l2">λ.</param>
    /// <param name="rows">Distinct rows of the table.</param>
    /// <param name="gradients">Their summed gradients, [rows × width].</param>
    /// <exception cref="ArgumentException">A row is not in the table, or there are fewer gradients than rows.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void Update<TRule>(TRule rule, in TableMemory table, float l2, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
        where TRule : struct, IUpdateRule
    {
        // A copy: the loop's stores could change what a reference refers to, so it would be read anew for every row.
        TableMemory memory = table;
        int width = memory.Width;
        CheckVectors(rows.Length, width, gradients.Length, width, nameof(gradients));
        ref float source = ref MemoryMarshal.GetReference(gradients);
        for (int i = 0; i < Math.Min(PrefetchDistance, rows.Length); i++)
            PrefetchForUpdate(memory, rows[i]);
        for (int i = 0; i < rows.Length; i++)
        {
            if (i + PrefetchDistance < rows.Length)
                PrefetchForUpdate(memory, rows[i + PrefetchDistance]);
            if ((ulong)rows[i] >= (ulong)memory.RowCount)
                ThrowRow(rows[i], memory.RowCount);
            ref float state = ref memory.States[rows[i] * memory.StateWidth];
            Run(new UpdateLoop<TRule>(rule, ref memory.Values[rows[i] * width], ref state, ref VectorAt(ref source, i, width), width, l2), (nuint)width);
        }
    }

    /// <summary>Row-wise Adagrad over distinct rows: a ← a + mean(g²), w ← w − η·g / (√a + ε), with g as in <see cref="Update{TRule}"/>.</summary>
    /// <param name="table">Values and one accumulator per row.</param>
    /// <param name="rate">η.</param>
    /// <param name="epsilon">ε.</param>
    /// <param name="l2">λ.</param>
    /// <param name="rows">Distinct rows of the table.</param>
    /// <param name="gradients">Their summed gradients, [rows × width].</param>
    /// <exception cref="ArgumentException">A row is not in the table, or there are fewer gradients than rows.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void UpdateRowWise(in TableMemory table, float rate, float epsilon, float l2, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
    {
        TableMemory memory = table;
        int width = memory.Width;
        CheckVectors(rows.Length, width, gradients.Length, width, nameof(gradients));
        float share = 1f / width;
        ref float source = ref MemoryMarshal.GetReference(gradients);
        for (int i = 0; i < Math.Min(PrefetchDistance, rows.Length); i++)
            PrefetchForUpdate(memory, rows[i]);
        for (int i = 0; i < rows.Length; i++)
        {
            if (i + PrefetchDistance < rows.Length)
                PrefetchForUpdate(memory, rows[i + PrefetchDistance]);
            if ((ulong)rows[i] >= (ulong)memory.RowCount)
                ThrowRow(rows[i], memory.RowCount);
            ref float row = ref memory.Values[rows[i] * width];
            ref float gradient = ref VectorAt(ref source, i, width);
            float sum = memory.States[rows[i]] + (SumOfSquares(ref gradient, ref row, l2, (nuint)width) * share);
            memory.States[rows[i]] = sum;
            float step = -rate / (MathF.Sqrt(sum) + epsilon);
            Run(new PenalisedStepLoop(ref row, ref gradient, step, l2), (nuint)width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchForUpdate(in TableMemory table, long row)
    {
        Prefetch(table.Values + (row * table.Width), table.Width);
        if (table.StateWidth > 0)
            Prefetch(table.States + (row * table.StateWidth), table.StateWidth);
    }

    // Σ (gradient + l2·row)²
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfSquares(ref float gradient, ref float row, float l2, nuint length)
    {
        nuint i = 0;
        float sum = 0;
        if (VectorWidth.Bits >= 512)
            sum += SumOfSquares<Lanes512>(ref gradient, ref row, l2, ref i, length);
        if (VectorWidth.Bits >= 256)
            sum += SumOfSquares<Lanes256>(ref gradient, ref row, l2, ref i, length);
        if (VectorWidth.Bits >= 128)
            sum += SumOfSquares<Lanes128>(ref gradient, ref row, l2, ref i, length);
        return sum + SumOfSquares<Lanes1>(ref gradient, ref row, l2, ref i, length);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float SumOfSquares<TLanes>(ref float gradient, ref float row, float l2, ref nuint i, nuint length)
        where TLanes : struct, ILanes<TLanes>
    {
        if (i + (nuint)TLanes.Count > length)
            return 0;
        TLanes sums = default;
        for (; i + (nuint)TLanes.Count <= length; i += (nuint)TLanes.Count)
        {
            var g = TLanes.MultiplyAdd(TLanes.Broadcast(l2), TLanes.Load(ref row, i), TLanes.Load(ref gradient, i));
            sums = TLanes.MultiplyAdd(g, g, sums);
        }

        return sums.Sum();
    }

    // row += step · (gradient + l2·row)
    private readonly ref struct PenalisedStepLoop(ref float row, ref float gradient, float step, float l2) : IElementLoop
    {
        private readonly ref float _row = ref row;
        private readonly ref float _gradient = ref gradient;
        private readonly float _step = step;
        private readonly float _l2 = l2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
        {
            var value = TLanes.Load(ref _row, i);
            var g = TLanes.MultiplyAdd(TLanes.Broadcast(_l2), value, TLanes.Load(ref _gradient, i));
            TLanes.MultiplyAdd(TLanes.Broadcast(_step), g, value).Store(ref _row, i);
        }
    }

    private readonly ref struct UpdateLoop<TRule>(TRule rule, ref float row, ref float state, ref float gradient, int width, float l2) : IElementLoop
        where TRule : struct, IUpdateRule
    {
        private readonly TRule _rule = rule;
        private readonly ref float _row = ref row;
        private readonly ref float _state = ref state;
        private readonly ref float _gradient = ref gradient;
        private readonly nuint _width = (nuint)width;
        private readonly float _l2 = l2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
        {
            var value = TLanes.Load(ref _row, i);
            var first = TRule.StateCount > 0 ? TLanes.Load(ref _state, i) : default;
            var second = TRule.StateCount > 1 ? TLanes.Load(ref _state, i + _width) : default;
            var gradient = TLanes.MultiplyAdd(TLanes.Broadcast(_l2), value, TLanes.Load(ref _gradient, i));
            _rule.Step(ref value, ref first, ref second, gradient);
            value.Store(ref _row, i);
            if (TRule.StateCount > 0)
                first.Store(ref _state, i);
            if (TRule.StateCount > 1)
                second.Store(ref _state, i + _width);
        }
    }
}
