using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>The sum of the rows times a constant: sum with scale 1, mean with scale 1 / number of rows.</summary>
internal sealed class SumCombination(int dimension, float scale) : Combination
{
    /// <inheritdoc/>
    internal override RowStep? Step(int source) => scale != 1 ? null : source == 0 ? RowStep.Place : RowStep.Add;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        EmbeddingKernels.ExpandCopy(sources[0].Values, dimension, sources[0].Index, vectors, stride);
        foreach (SourceRows source in sources[1..])
            EmbeddingKernels.ExpandAdd(source.Values, dimension, source.Index, vectors, stride);
        if (scale == 1)
            return;
        for (int i = 0; i < count; i++)
        {
            Span<float> vector = vectors.Slice(i * stride, dimension);
            TensorPrimitives.Multiply(vector, scale, vector);
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        foreach (SourceRows source in sources)
        {
            if (scale == 1)
                EmbeddingKernels.ScatterAdd(gradients, stride, source.Index, source.Gradients, dimension);
            else
                EmbeddingKernels.ScatterAddScaled(gradients, stride, scale, source.Index, source.Gradients, dimension);
        }
    }
}
