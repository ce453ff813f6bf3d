using System.Buffers;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>The element-wise product of two or more rows; the gradient of each is the vector's gradient times the others.</summary>
internal sealed class MultiplyCombination(int dimension) : Combination
{
    /// <inheritdoc/>
    internal override RowStep? Step(int source) => source == 0 ? RowStep.Place : RowStep.Multiply;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        EmbeddingKernels.ExpandCopy(sources[0].Values, dimension, sources[0].Index, vectors, stride);
        foreach (SourceRows source in sources[1..])
            EmbeddingKernels.ExpandMultiply(source.Values, dimension, source.Index, vectors, stride);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        if (sources.Length == 2)
        {
            AddProduct(sources[0], sources[1], gradients, stride);
            AddProduct(sources[1], sources[0], gradients, stride);
            return;
        }

        float[] products = ArrayPool<float>.Shared.Rent(count * dimension);
        for (int target = 0; target < sources.Length; target++)
            AddProducts(sources, target, count, gradients, stride, products);
        ArrayPool<float>.Shared.Return(products);
    }

    // The gradient times all factors but the target and one, whose product with it is added.
    private void AddProducts(ReadOnlySpan<SourceRows> sources, int target, int count, ReadOnlySpan<float> gradients, int stride, Span<float> products)
    {
        for (int i = 0; i < count; i++)
            gradients.Slice(i * stride, dimension).CopyTo(products[(i * dimension)..]);
        int last = target == sources.Length - 1 ? sources.Length - 2 : sources.Length - 1;
        for (int factor = 0; factor < last; factor++)
        {
            if (factor != target)
                EmbeddingKernels.ExpandMultiply(sources[factor].Values, dimension, sources[factor].Index, products, dimension);
        }

        AddProduct(sources[target], sources[last], products, dimension);
    }

    private void AddProduct(SourceRows target, SourceRows factor, ReadOnlySpan<float> gradients, int stride)
        => EmbeddingKernels.ScatterAddProduct(gradients, stride, factor.Values, factor.Index, target.Index, target.Gradients, dimension);
}
