using System.Buffers;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The sum of rows, each times a learned weight. The first source holds the weights of an id as one row, and one source follows for
/// each weight. A further source of one number per id, if there is one, is added to all numbers of the vector.
/// </summary>
internal sealed class WeightedSumCombination(int dimension) : Combination
{
    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        SourceRows weights = sources[0];
        Start(Bias(sources), count, vectors, stride);
        float[] buffer = ArrayPool<float>.Shared.Rent(count);
        Span<float> factors = buffer.AsSpan(0, count);
        for (int j = 0; j < weights.Width; j++)
        {
            SourceRows rows = sources[1 + j];
            Column(weights, j, factors);
            EmbeddingKernels.ExpandAddScaled(rows.Values, dimension, rows.Index, factors, vectors, stride);
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        SourceRows weights = sources[0];
        float[] buffer = ArrayPool<float>.Shared.Rent(count);
        Span<float> factors = buffer.AsSpan(0, count);
        for (int j = 0; j < weights.Width; j++)
        {
            SourceRows rows = sources[1 + j];
            Column(weights, j, factors);
            EmbeddingKernels.ScatterAddScaled(gradients, stride, factors, rows.Index, rows.Gradients, dimension);
            EmbeddingKernels.Dot(rows.Values, dimension, rows.Index, gradients, stride, factors);
            AddColumn(factors, weights, j);
        }

        ArrayPool<float>.Shared.Return(buffer);
        if (Bias(sources) is SourceRows bias)
            AddSums(bias, count, gradients, stride);
    }

    private static SourceRows? Bias(ReadOnlySpan<SourceRows> sources) => sources.Length > 1 + sources[0].Width ? sources[^1] : null;

    private void Start(SourceRows? bias, int count, Span<float> vectors, int stride)
    {
        for (int i = 0; i < count; i++)
            vectors.Slice(i * stride, dimension).Fill(bias is SourceRows b ? b.Values[b.Index[i]] : 0);
    }

    private static void Column(SourceRows weights, int column, Span<float> factors)
    {
        ReadOnlySpan<float> values = weights.Values;
        ReadOnlySpan<int> index = weights.Index;
        for (int i = 0; i < factors.Length; i++)
            factors[i] = values[(index[i] * weights.Width) + column];
    }

    private static void AddColumn(ReadOnlySpan<float> factorGradients, SourceRows weights, int column)
    {
        Span<float> gradients = weights.Gradients;
        ReadOnlySpan<int> index = weights.Index;
        for (int i = 0; i < factorGradients.Length; i++)
            gradients[(index[i] * weights.Width) + column] += factorGradients[i];
    }

    private void AddSums(SourceRows bias, int count, ReadOnlySpan<float> gradients, int stride)
    {
        Span<float> sums = bias.Gradients;
        ReadOnlySpan<int> index = bias.Index;
        for (int i = 0; i < count; i++)
        {
            float sum = 0;
            foreach (float gradient in gradients.Slice(i * stride, dimension))
                sum += gradient;
            sums[index[i]] += sum;
        }
    }
}
