using System.Buffers;
using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A row, if the sum of the sizes of its numbers is above a learned threshold, times a row of gates: v = 1[‖w‖₁ > t]·g ⊙ w. Sources: the
/// row, the threshold of the field (a table of a single number, read whole), the gates, which get no gradient.
/// </summary>
/// <remarks>
/// The step function passes a gradient on as if its derivative were 2 − 4·|z| up to |z| = 0.4, 0.4 up to |z| = 1, and 0 beyond, with
/// z = ‖w‖₁ − t: the long-tailed estimator of Xu and Cheung, 2019.
/// </remarks>
internal sealed class OptEmbedCombination(int dimension) : Combination
{
    /// <summary>What stands in for the derivative of the step function.</summary>
    /// <param name="z">Distance from the step.</param>
    public static float StepDerivative(float z) => MathF.Abs(z) switch
    {
        <= 0.4f => 2 - (4 * MathF.Abs(z)),
        <= 1 => 0.4f,
        _ => 0,
    };

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        float threshold = sources[1].Values[0];
        EmbeddingKernels.ExpandCopy(sources[0].Values, dimension, sources[0].Index, vectors, stride);
        for (int i = 0; i < count; i++)
        {
            Span<float> vector = vectors.Slice(i * stride, dimension);
            if (TensorPrimitives.SumOfMagnitudes(vector) > threshold)
                TensorPrimitives.Multiply(vector, Row(sources[2], i), vector);
            else
                vector.Clear();
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        float threshold = sources[1].Values[0];
        Span<float> rowGradients = sources[0].Gradients;
        float[] rented = ArrayPool<float>.Shared.Rent(dimension);
        Span<float> gated = rented.AsSpan(0, dimension);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> row = Row(sources[0], i);
            Span<float> target = rowGradients.Slice(sources[0].Index[i] * dimension, dimension);
            TensorPrimitives.Multiply(gradients.Slice(i * stride, dimension), Row(sources[2], i), gated);
            float z = TensorPrimitives.SumOfMagnitudes(row) - threshold;
            if (z > 0)
                TensorPrimitives.Add(target, gated, target);
            float slope = StepDerivative(z) * TensorPrimitives.Dot(gated, row);
            if (slope == 0)
                continue;
            for (int j = 0; j < dimension; j++)
                target[j] += slope * MathF.Sign(row[j]);
            sources[1].Gradients[0] -= slope;
        }

        ArrayPool<float>.Shared.Return(rented);
    }

    private ReadOnlySpan<float> Row(SourceRows source, int id) => source.Values.Slice(source.Index[id] * dimension, dimension);
}
