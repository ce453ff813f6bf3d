using System.Buffers;
using System.Numerics.Tensors;

namespace RecSys.Embeddings.Methods;

/// <summary>A weighted sum of what several combinations make of their own sources: v = Σ wₖ·vₖ. The last source is a table read whole; its first row holds the weights.</summary>
/// <param name="dimension">Numbers of a vector.</param>
/// <param name="parts">The combinations, each with the number of its sources; these lie one after the other.</param>
internal sealed class MixtureCombination(int dimension, IReadOnlyList<(Combination Combination, int SourceCount)> parts) : Combination
{
    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        ReadOnlySpan<float> weights = sources[^1].Values;
        float[] rented = ArrayPool<float>.Shared.Rent(count * dimension);
        for (int i = 0; i < count; i++)
            vectors.Slice(i * stride, dimension).Clear();
        for (int k = 0, first = 0; k < parts.Count; first += parts[k].SourceCount, k++)
        {
            parts[k].Combination.Forward(sources.Slice(first, parts[k].SourceCount), count, rented, dimension);
            for (int i = 0; i < count; i++)
            {
                Span<float> vector = vectors.Slice(i * stride, dimension);
                TensorPrimitives.MultiplyAdd(rented.AsSpan(i * dimension, dimension), weights[k], vector, vector);
            }
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        ReadOnlySpan<float> weights = sources[^1].Values;
        Span<float> weightGradients = sources[^1].Gradients;
        float[] rented = ArrayPool<float>.Shared.Rent(count * dimension);
        for (int k = 0, first = 0; k < parts.Count; first += parts[k].SourceCount, k++)
        {
            ReadOnlySpan<SourceRows> own = sources.Slice(first, parts[k].SourceCount);
            parts[k].Combination.Forward(own, count, rented, dimension);
            for (int i = 0; i < count; i++)
            {
                Span<float> part = rented.AsSpan(i * dimension, dimension);
                ReadOnlySpan<float> gradient = gradients.Slice(i * stride, dimension);
                weightGradients[k] += TensorPrimitives.Dot(gradient, part);
                TensorPrimitives.Multiply(gradient, weights[k], part);
            }

            parts[k].Combination.Backward(own, count, rented, dimension);
        }

        ArrayPool<float>.Shared.Return(rented);
    }
}
