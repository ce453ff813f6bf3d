using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>Sums of two rows each, side by side: sources 0 and 1 give the first numbers of the vector, 2 and 3 the next.</summary>
internal sealed class PairSumCombination : Combination
{
    /// <summary>The only instance.</summary>
    public static PairSumCombination Instance { get; } = new();

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        if (count == 0)
            return;
        for (int column = 0; !sources.IsEmpty; sources = sources[2..])
        {
            EmbeddingKernels.ExpandCopy(sources[0].Values, sources[0].Width, sources[0].Index, vectors[column..], stride);
            EmbeddingKernels.ExpandAdd(sources[1].Values, sources[1].Width, sources[1].Index, vectors[column..], stride);
            column += sources[0].Width;
        }
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        if (count == 0)
            return;
        for (int column = 0; !sources.IsEmpty; sources = sources[2..])
        {
            EmbeddingKernels.ScatterAdd(gradients[column..], stride, sources[0].Index, sources[0].Gradients, sources[0].Width);
            EmbeddingKernels.ScatterAdd(gradients[column..], stride, sources[1].Index, sources[1].Gradients, sources[1].Width);
            column += sources[0].Width;
        }
    }
}
