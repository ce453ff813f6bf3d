using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>The element-wise product of two rows; the gradient of each is the vector's gradient times the other.</summary>
internal sealed class MultiplyCombination(int dimension) : Combination
{
    /// <inheritdoc/>
    internal override RowStep? Step(int source) => source == 0 ? RowStep.Place : RowStep.Multiply;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        EmbeddingKernels.ExpandCopy(sources[0].Values, dimension, sources[0].Index, vectors, stride);
        EmbeddingKernels.ExpandMultiply(sources[1].Values, dimension, sources[1].Index, vectors, stride);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        AddProduct(sources[0], sources[1], gradients, stride);
        AddProduct(sources[1], sources[0], gradients, stride);
    }

    private void AddProduct(SourceRows target, SourceRows factor, ReadOnlySpan<float> gradients, int stride)
        => EmbeddingKernels.ScatterAddProduct(gradients, stride, factor.Values, factor.Index, target.Index, target.Gradients, dimension);
}
