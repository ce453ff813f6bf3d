using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>One row of full width. The backward pass notes the norm of each id's gradient at source 0, whose codes are the ids.</summary>
internal sealed class GradientNormCombination(int dimension) : Combination
{
    /// <inheritdoc/>
    internal override bool IsPerOccurrence => true;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
        => EmbeddingKernels.ExpandCopy(sources[1].Values, dimension, sources[1].Index, vectors, stride);

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        EmbeddingKernels.ScatterAdd(gradients, stride, sources[1].Index, sources[1].Gradients, dimension);
        Span<float> notes = sources[0].Notes;
        for (int i = 0; i < notes.Length; i++)
            notes[i] = TensorPrimitives.Norm(gradients.Slice(i * stride, dimension));
    }
}
