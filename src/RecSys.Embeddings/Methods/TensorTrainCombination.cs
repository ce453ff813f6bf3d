using System.Buffers;
using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The product of three matrices per id. Sources: a row of each core, then, if some ids have rows of their own, that row and the id.
/// The rows are [d₁ × R], [R × d₂·R] and, transposed so that all loops run along the rank, [d₃ × R].
/// </summary>
internal sealed class TensorTrainCombination : Combination
{
    private readonly int _first;
    private readonly int _second;
    private readonly int _third;
    private readonly int _rank;
    private readonly int _hot;

    /// <summary>Creates the combination.</summary>
    /// <param name="columns">d₁, d₂, d₃.</param>
    /// <param name="rank">Rank R between two cores.</param>
    /// <param name="hot">Number of first ids that have rows of their own.</param>
    public TensorTrainCombination(int[] columns, int rank, int hot)
        => (_first, _second, _third, _rank, _hot) = (columns[0], columns[1], columns[2], rank, hot);

    private int Dimension => _first * _second * _third;

    // Numbers of the product of the first two matrices: [d₁ × d₂·R], or [d₁·d₂ × R].
    private int InnerLength => _first * _second * _rank;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        float[] buffer = ArrayPool<float>.Shared.Rent(InnerLength);
        var cores = new Cores(sources, isBackward: false);
        for (int i = 0; i < count; i++)
        {
            Span<float> vector = vectors.Slice(i * stride, Dimension);
            if (IsHot(sources, i))
                sources[3].Values.Slice(sources[3].Index[i] * Dimension, Dimension).CopyTo(vector);
            else
                Multiply(cores, i, buffer, vector);
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        float[] buffer = ArrayPool<float>.Shared.Rent(2 * InnerLength);
        var cores = new Cores(sources, isBackward: true);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<float> gradient = gradients.Slice(i * stride, Dimension);
            if (IsHot(sources, i))
            {
                Span<float> row = sources[3].Gradients.Slice(sources[3].Index[i] * Dimension, Dimension);
                TensorPrimitives.Add(row, gradient, row);
            }
            else
            {
                AddGradients(cores, i, gradient, buffer);
            }
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    private bool IsHot(ReadOnlySpan<SourceRows> sources, int i) => _hot > 0 && sources[4].Codes[i] < _hot;

    private void MultiplyInner(in Cores cores, int i, Span<float> inner)
        => MatrixKernel.Multiply(cores.First.Row(i), cores.Second.Row(i), _first, _rank, _second * _rank, inner);

    private void Multiply(in Cores cores, int i, Span<float> inner, Span<float> vector)
    {
        MultiplyInner(cores, i, inner);
        vector.Clear();
        MatrixKernel.AddTransposedRight(inner, cores.Third.Row(i), _first * _second, _rank, _third, vector);
    }

    private void AddGradients(in Cores cores, int i, ReadOnlySpan<float> gradient, Span<float> buffer)
    {
        Span<float> inner = buffer[..InnerLength];
        Span<float> innerGradient = buffer.Slice(InnerLength, InnerLength);
        MultiplyInner(cores, i, inner);
        MatrixKernel.AddTransposedLeft(gradient, inner, _third, _first * _second, _rank, cores.Third.Gradient(i));
        MatrixKernel.Multiply(gradient, cores.Third.Row(i), _first * _second, _third, _rank, innerGradient);
        MatrixKernel.AddTransposedLeft(cores.First.Row(i), innerGradient, _rank, _first, _second * _rank, cores.Second.Gradient(i));
        MatrixKernel.AddTransposedRight(innerGradient, cores.Second.Row(i), _first, _second * _rank, _rank, cores.First.Gradient(i));
    }

    // The rows of the three cores, found once per run.
    private readonly ref struct Cores(ReadOnlySpan<SourceRows> sources, bool isBackward)
    {
        public readonly Core First = new(sources[0], isBackward);
        public readonly Core Second = new(sources[1], isBackward);
        public readonly Core Third = new(sources[2], isBackward);
    }

    private readonly ref struct Core(SourceRows source, bool isBackward)
    {
        private readonly ReadOnlySpan<float> _values = source.Values;
        private readonly Span<float> _gradients = isBackward ? source.Gradients : [];
        private readonly ReadOnlySpan<int> _index = source.Index;
        private readonly int _width = source.Width;

        public ReadOnlySpan<float> Row(int i) => _values.Slice(_index[i] * _width, _width);

        public Span<float> Gradient(int i) => _gradients.Slice(_index[i] * _width, _width);
    }
}
