using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// A narrow row times a matrix: vector = row · P with P of [row width × dimension]. The first source is the row of each id, the
/// second the matrix, read whole.
/// </summary>
internal sealed class ProjectionCombination(int dimension) : Combination
{
    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        int width = sources[0].Width;
        ReadOnlySpan<float> rows = sources[0].Values;
        ReadOnlySpan<int> index = sources[0].Index;
        ReadOnlySpan<float> matrix = sources[1].Values;
        for (int i = 0; i < count; i++)
            ProjectionKernel.Multiply(rows.Slice(index[i] * width, width), matrix, vectors.Slice(i * stride, dimension));
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
        => ProjectionKernel.AddGradients(
            sources[0].Values, sources[0].Index, sources[1].Values, gradients, stride, dimension, sources[0].Gradients, sources[1].Gradients);
}
