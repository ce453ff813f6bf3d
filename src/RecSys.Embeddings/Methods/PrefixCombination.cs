using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The first numbers of a row, and zeros for the others, which get no gradient. The second source is a table of a single number that is
/// read whole: how many numbers are used now.
/// </summary>
internal sealed class PrefixCombination(int dimension) : Combination
{
    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        int width = Width(sources[1]);
        EmbeddingKernels.ExpandCopy(sources[0].Values, dimension, sources[0].Index, vectors, stride);
        for (int i = 0; width < dimension && i < count; i++)
            vectors[((i * stride) + width)..((i * stride) + dimension)].Clear();
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        int width = Width(sources[1]);
        ReadOnlySpan<int> index = sources[0].Index;
        Span<float> sums = sources[0].Gradients;
        for (int i = 0; i < count; i++)
        {
            Span<float> sum = sums.Slice(index[i] * dimension, width);
            TensorPrimitives.Add(sum, gradients.Slice(i * stride, width), sum);
        }
    }

    private int Width(SourceRows width) => Math.Clamp((int)MathF.Round(width.Values[0]), 0, dimension);
}
