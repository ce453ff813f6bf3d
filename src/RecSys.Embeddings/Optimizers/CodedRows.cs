using System.Runtime.InteropServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Optimizers;

/// <summary>
/// Updates rows that are not plain fp32: a few rows at a time are decoded, updated as fp32 together with their state, and written
/// back with the rounding of the table.
/// </summary>
internal sealed unsafe class CodedRows
{
    // Rows at a time: numbers and state stay in the first-level cache.
    private const int BlockRows = 32;

    // A step may shrink, but has to stay a number that codes can be divided by.
    private const float SmallestStep = 1e-8f;

    private static readonly long[] s_places = [.. Enumerable.Range(0, BlockRows)];

    [ThreadStatic]
    private static CodedRows? t_own;

    private float[] _values = [];
    private float[] _states = [];

    /// <summary>Updates distinct rows of one table.</summary>
    /// <param name="optimizer">Rule of the update.</param>
    /// <param name="table">The table.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="gradients">Summed gradients, [rows × width].</param>
    public static void Update(SparseOptimizer optimizer, RowTable table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
    {
        CodedRows own = t_own ??= new CodedRows();
        int width = table.Spec.Width;
        EmbeddingKernels.Prefetch(table.Memory, rows);
        for (int first = 0; first < rows.Length; first += BlockRows)
        {
            int count = Math.Min(BlockRows, rows.Length - first);
            own.UpdateBlock(optimizer, table, rows[first..], count, gradients.Slice(first * width, count * width));
        }
    }

    // The rows behind the first ones are only asked for.
    private void UpdateBlock(SparseOptimizer optimizer, RowTable table, ReadOnlySpan<long> rows, int count, ReadOnlySpan<float> gradients)
    {
        int width = table.Spec.Width;
        Span<float> values = Room(ref _values, count * width);
        Span<float> states = Room(ref _states, count * table.StateWidth);
        EmbeddingKernels.Gather(RowStep.Place, table.Memory, rows, count, values, width);
        for (int i = 0; i < count; i++)
            table.State(rows[i]).CopyTo(states[(i * table.StateWidth)..]);
        fixed (float* valuePointer = values)
        fixed (float* statePointer = states)
        {
            var memory = new TableMemory(valuePointer, statePointer, count, width, table.StateWidth);
            optimizer.UpdateFloats(memory, s_places.AsSpan(0, count), gradients);
        }

        for (int i = 0; i < count; i++)
        {
            states.Slice(i * table.StateWidth, table.StateWidth).CopyTo(table.State(rows[i]));
            Write(table, rows[i], values.Slice(i * width, width), gradients.Slice(i * width, width), optimizer.StepCount);
        }
    }

    private static void Write(RowTable table, long row, ReadOnlySpan<float> values, ReadOnlySpan<float> gradient, long stepCount)
    {
        RowPrecision precision = table.Spec.Precision;
        float step = precision.Step;
        if (precision is { IsInteger: true, Scale: RowScale.Learned })
        {
            step = table.Memory.ScaleOf(table.Memory.Row(row)).Scale;
            step = Math.Max(SmallestStep, step - (precision.StepLearningRate * StepGradient(values, gradient, step, precision.Bits)));
        }

        table.Write(row, values, step, precision.IsStochastic ? RowRounding.Stochastic(RowHash.Mix(table.RoundingSalt + (ulong)stepCount), table.NumberOf(row)) : RowRounding.Nearest);
    }

    // Esser et al., "Learned Step Size Quantization", ICLR 2020: how the rounded number follows its step, times the gradient of the number.
    private static float StepGradient(ReadOnlySpan<float> values, ReadOnlySpan<float> gradient, float step, int bits)
    {
        float lowest = -(1 << (bits - 1));
        float highest = -lowest - 1;
        float sum = 0;
        for (int j = 0; j < values.Length; j++)
        {
            float place = values[j] / step;
            float slope = place <= lowest ? lowest : place >= highest ? highest : MathF.Round(place) - place;
            sum += gradient[j] * slope;
        }

        return sum / MathF.Sqrt(values.Length * Math.Max(1, highest));
    }

    private static Span<float> Room(ref float[] buffer, int length)
    {
        if (buffer.Length < length)
            buffer = new float[length];
        return buffer.AsSpan(0, length);
    }
}
