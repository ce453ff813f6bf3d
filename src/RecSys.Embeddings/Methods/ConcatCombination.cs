using System.Collections.Concurrent;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The rows side by side. One row of full width is the plain look-up; when the rows are narrower than the vector, the rest is
/// zero and receives no gradient.
/// </summary>
internal sealed class ConcatCombination : Combination
{
    private static readonly ConcurrentDictionary<int, ConcatCombination> s_instances = new();
    private readonly int _dimension;

    private ConcatCombination(int dimension) => _dimension = dimension;

    /// <summary>The combination for vectors of a width.</summary>
    public static ConcatCombination Instance(int dimension) => s_instances.GetOrAdd(dimension, static d => new ConcatCombination(d));

    /// <inheritdoc/>
    internal override RowStep? Step(int source) => RowStep.Place;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        if (count == 0)
            return;
        int column = 0;
        foreach (SourceRows source in sources)
        {
            EmbeddingKernels.ExpandCopy(source.Values, source.Width, source.Index, vectors[column..], stride);
            column += source.Width;
        }

        for (int i = 0; column < _dimension && i < count; i++)
            vectors[((i * stride) + column)..((i * stride) + _dimension)].Clear();
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        if (count == 0)
            return;
        int column = 0;
        foreach (SourceRows source in sources)
        {
            EmbeddingKernels.ScatterAdd(gradients[column..], stride, source.Index, source.Gradients, source.Width);
            column += source.Width;
        }
    }
}
