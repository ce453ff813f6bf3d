using System.Buffers;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The sum of the rows times a constant, each with a sign of its own: scale 1 for the sum, 1 / number of rows for the mean. The first
/// source is a number per id whose bit j is the sign of row j; the others are the rows.
/// </summary>
internal sealed class SignedSumCombination(int dimension, float scale) : Combination
{
    /// <summary>Rows that one number has signs for.</summary>
    public const int MostRows = 64;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        for (int i = 0; i < count; i++)
            vectors.Slice(i * stride, dimension).Clear();
        float[] buffer = ArrayPool<float>.Shared.Rent(count);
        Span<float> factors = buffer.AsSpan(0, count);
        for (int j = 0; j < sources.Length - 1; j++)
        {
            Signs(sources[0].Codes, j, factors);
            EmbeddingKernels.ExpandAddScaled(sources[1 + j].Values, dimension, sources[1 + j].Index, factors, vectors, stride);
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        float[] buffer = ArrayPool<float>.Shared.Rent(count);
        Span<float> factors = buffer.AsSpan(0, count);
        for (int j = 0; j < sources.Length - 1; j++)
        {
            Signs(sources[0].Codes, j, factors);
            EmbeddingKernels.ScatterAddScaled(gradients, stride, factors, sources[1 + j].Index, sources[1 + j].Gradients, dimension);
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    private void Signs(ReadOnlySpan<long> bits, int row, Span<float> factors)
    {
        for (int i = 0; i < factors.Length; i++)
            factors[i] = ((bits[i] >> row) & 1) == 0 ? scale : -scale;
    }
}
