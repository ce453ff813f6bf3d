using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A row whose numbers are pulled to zero by a learned threshold: v = sign(w)·max(|w| − σ(s), 0). The first source is the row, the second
/// the threshold s: one number or one per column, of each id or read whole for all of them.
/// </summary>
internal sealed class SoftThresholdCombination(int dimension) : Combination
{
    /// <summary>σ(s) = 1 / (1 + e^−s), what is taken from the size of a number.</summary>
    /// <param name="s">The learned number.</param>
    public static float Threshold(float s) => 1 / (1 + MathF.Exp(-s));

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        SourceRows thresholds = sources[1];
        EmbeddingKernels.ExpandCopy(sources[0].Values, dimension, sources[0].Index, vectors, stride);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> s = ThresholdsOf(thresholds, i);
            Span<float> vector = vectors.Slice(i * stride, dimension);
            float threshold = Threshold(s[0]);
            for (int j = 0; j < vector.Length; j++)
            {
                if (s.Length > 1)
                    threshold = Threshold(s[j]);
                vector[j] = MathF.CopySign(MathF.Max(MathF.Abs(vector[j]) - threshold, 0), vector[j]);
            }
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        SourceRows thresholds = sources[1];
        ReadOnlySpan<int> index = sources[0].Index;
        ReadOnlySpan<float> values = sources[0].Values;
        Span<float> rowGradients = sources[0].Gradients;
        Span<float> thresholdGradients = thresholds.Gradients;
        for (int i = 0; i < count; i++)
        {
            int place = index[i] * dimension;
            Add(
                gradients.Slice(i * stride, dimension),
                values.Slice(place, dimension),
                ThresholdsOf(thresholds, i),
                rowGradients.Slice(place, dimension),
                thresholdGradients.Slice(PlaceOf(thresholds, i) * thresholds.Width, thresholds.Width));
        }
    }

    private static void Add(ReadOnlySpan<float> gradient, ReadOnlySpan<float> row, ReadOnlySpan<float> s, Span<float> rowGradient, Span<float> thresholdGradient)
    {
        float threshold = Threshold(s[0]);
        for (int j = 0; j < row.Length; j++)
        {
            if (s.Length > 1)
                threshold = Threshold(s[j]);
            if (MathF.Abs(row[j]) <= threshold)
                continue;
            rowGradient[j] += gradient[j];
            thresholdGradient[s.Length > 1 ? j : 0] -= gradient[j] * MathF.Sign(row[j]) * threshold * (1 - threshold);
        }
    }

    private static ReadOnlySpan<float> ThresholdsOf(SourceRows thresholds, int id)
        => thresholds.Values.Slice(PlaceOf(thresholds, id) * thresholds.Width, thresholds.Width);

    // A table that is read whole has one row here, for all ids.
    private static int PlaceOf(SourceRows thresholds, int id) => thresholds.Values.Length == thresholds.Width ? 0 : thresholds.Index[id];
}
