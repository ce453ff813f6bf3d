using System.Buffers;
using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A row that goes through one network after the other: x ← relu(x · hidden + biases) · output + biases. Sources: the row, then for each
/// network its hidden weights [d × h], output weights [h × d] and biases [h + d], one row each.
/// </summary>
internal sealed class PathCombination(int dimension, int hidden) : Combination
{
    private const int SourcesPerNetwork = 3;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        float[] buffer = ArrayPool<float>.Shared.Rent(Length(sources));
        for (int i = 0; i < count; i++)
        {
            Run(sources, i, buffer);
            buffer.AsSpan(Length(sources) - dimension, dimension).CopyTo(vectors[(i * stride)..]);
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        float[] buffer = ArrayPool<float>.Shared.Rent(Length(sources) + dimension + hidden);
        Span<float> numbers = buffer.AsSpan(0, Length(sources));
        Span<float> gradient = buffer.AsSpan(numbers.Length, dimension);
        Span<float> hiddenGradient = buffer.AsSpan(numbers.Length + dimension, hidden);
        for (int i = 0; i < count; i++)
        {
            Run(sources, i, numbers);
            gradients.Slice(i * stride, dimension).CopyTo(gradient);
            int end = numbers.Length - dimension;
            for (int s = sources.Length - SourcesPerNetwork; s > 0; s -= SourcesPerNetwork, end -= dimension + hidden)
                AddGradients(sources.Slice(s, SourcesPerNetwork), i, numbers.Slice(end - dimension - hidden, dimension + hidden), gradient, hiddenGradient);
            Add(gradient, Gradient(sources[0], i));
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    // The row, and for each network its hidden units and its result.
    private int Length(ReadOnlySpan<SourceRows> sources) => dimension + ((sources.Length - 1) / SourcesPerNetwork * (hidden + dimension));

    private void Run(ReadOnlySpan<SourceRows> sources, int i, Span<float> numbers)
    {
        Row(sources[0], i).CopyTo(numbers);
        for (int s = 1; s < sources.Length; s += SourcesPerNetwork, numbers = numbers[(dimension + hidden)..])
        {
            Span<float> units = numbers.Slice(dimension, hidden);
            Span<float> result = numbers.Slice(dimension + hidden, dimension);
            ReadOnlySpan<float> biases = Row(sources[s + 2], i);
            ProjectionKernel.Multiply(numbers[..dimension], Row(sources[s], i), units);
            Add(biases[..hidden], units);
            TensorPrimitives.Max(units, 0f, units);
            ProjectionKernel.Multiply(units, Row(sources[s + 1], i), result);
            Add(biases[hidden..], result);
        }
    }

    // From the gradient of a network's result to that of its input, which takes its place.
    private void AddGradients(ReadOnlySpan<SourceRows> network, int i, ReadOnlySpan<float> numbers, Span<float> gradient, Span<float> hiddenGradient)
    {
        ReadOnlySpan<float> input = numbers[..dimension];
        ReadOnlySpan<float> units = numbers[dimension..];
        Span<float> biasGradient = Gradient(network[2], i);
        Add(gradient, biasGradient[hidden..]);
        MatrixKernel.AddTransposedLeft(units, gradient, hidden, 1, dimension, Gradient(network[1], i));
        hiddenGradient.Clear();
        MatrixKernel.AddTransposedRight(gradient, Row(network[1], i), 1, dimension, hidden, hiddenGradient);
        for (int j = 0; j < hidden; j++)
            hiddenGradient[j] = units[j] > 0 ? hiddenGradient[j] : 0;
        Add(hiddenGradient, biasGradient[..hidden]);
        MatrixKernel.AddTransposedLeft(input, hiddenGradient, dimension, 1, hidden, Gradient(network[0], i));
        gradient.Clear();
        MatrixKernel.AddTransposedRight(hiddenGradient, Row(network[0], i), 1, hidden, dimension, gradient);
    }

    private static ReadOnlySpan<float> Row(in SourceRows source, int i) => source.Values.Slice(source.Index[i] * source.Width, source.Width);

    private static Span<float> Gradient(in SourceRows source, int i) => source.Gradients.Slice(source.Index[i] * source.Width, source.Width);

    private static void Add(ReadOnlySpan<float> numbers, Span<float> sums) => TensorPrimitives.Add(sums, numbers, sums);
}
