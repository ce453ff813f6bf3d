using System.Buffers;
using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Blocks of a circular array side by side, each number with a random sign if wanted. Sources: for each block the row it starts in,
/// the next row and the start within the row, or with blocks of one number only the row; then the code that signs are drawn from.
/// </summary>
internal sealed class BlockCombination(int dimension, int block, bool isSigned) : Combination
{
    // The eight signs that the bits of a byte stand for: a set bit is −1.
    private static readonly float[] s_signsOfByte = [.. Enumerable.Range(0, 256 * 8).Select(i => ((i / 8) >> (i % 8) & 1) == 0 ? 1f : -1f)];

    private readonly int _sourcesPerBlock = SourcesPerBlock(block);

    /// <summary>Number of sources of each block.</summary>
    public static int SourcesPerBlock(int block) => block == 1 ? 1 : 3;

    /// <inheritdoc/>
    public override void Forward(ReadOnlySpan<SourceRows> sources, int count, Span<float> vectors, int stride)
    {
        if (count == 0)
            return;
        for (int start = 0, s = 0; start < dimension; start += block, s += _sourcesPerBlock)
        {
            if (block == 1)
                EmbeddingKernels.ExpandCopy(sources[s].Values, 1, sources[s].Index, vectors[start..], stride);
            else
                Place(sources.Slice(s, _sourcesPerBlock), vectors[start..], Math.Min(block, dimension - start), stride);
        }

        if (isSigned)
            Sign(sources[^1].Codes, vectors, stride, vectors, stride);
    }

    /// <inheritdoc/>
    public override void Backward(ReadOnlySpan<SourceRows> sources, int count, ReadOnlySpan<float> gradients, int stride)
    {
        if (count == 0)
            return;
        float[]? signed = null;
        if (isSigned)
        {
            signed = ArrayPool<float>.Shared.Rent(count * dimension);
            Sign(sources[^1].Codes, gradients, stride, signed, dimension);
            gradients = signed;
            stride = dimension;
        }

        for (int start = 0, s = 0; start < dimension; start += block, s += _sourcesPerBlock)
        {
            if (block == 1)
                EmbeddingKernels.ScatterAdd(gradients[start..], stride, sources[s].Index, sources[s].Gradients, 1);
            else
                Add(sources.Slice(s, _sourcesPerBlock), gradients[start..], Math.Min(block, dimension - start), stride);
        }

        if (signed is not null)
            ArrayPool<float>.Shared.Return(signed);
    }

    /// <summary>The signs of an id: bit i mod 64 of the ⌊i / 64⌋-th number that is mixed from its code.</summary>
    /// <param name="code">Code of the id.</param>
    /// <param name="signs">Receives 1 or −1 per number; as long as a multiple of 8.</param>
    internal static void FillSigns(long code, Span<float> signs)
    {
        for (int start = 0; start < signs.Length; start += 8)
        {
            ulong bits = RowHash.Mix((ulong)code + (ulong)(start / 64)) >> (start % 64);
            s_signsOfByte.AsSpan((int)(bits & 255) * 8, 8).CopyTo(signs[start..]);
        }
    }

    private void Sign(ReadOnlySpan<long> codes, ReadOnlySpan<float> vectors, int stride, Span<float> signed, int signedStride)
    {
        int length = (dimension + 7) / 8 * 8;
        float[] buffer = ArrayPool<float>.Shared.Rent(length);
        Span<float> signs = buffer.AsSpan(0, length);
        for (int i = 0; i < codes.Length; i++)
        {
            FillSigns(codes[i], signs);
            TensorPrimitives.Multiply(vectors.Slice(i * stride, dimension), signs[..dimension], signed.Slice(i * signedStride, dimension));
        }

        ArrayPool<float>.Shared.Return(buffer);
    }

    private void Place(ReadOnlySpan<SourceRows> sources, Span<float> vectors, int length, int stride)
    {
        ReadOnlySpan<float> rows = sources[0].Values;
        ReadOnlySpan<float> nextRows = sources[1].Values;
        ReadOnlySpan<int> row = sources[0].Index;
        ReadOnlySpan<int> nextRow = sources[1].Index;
        ReadOnlySpan<long> shifts = sources[2].Codes;
        for (int i = 0; i < shifts.Length; i++)
        {
            int shift = (int)shifts[i];
            int head = Math.Min(block - shift, length);
            Span<float> vector = vectors.Slice(i * stride, length);
            rows.Slice((row[i] * block) + shift, head).CopyTo(vector);
            nextRows.Slice(nextRow[i] * block, length - head).CopyTo(vector[head..]);
        }
    }

    private void Add(ReadOnlySpan<SourceRows> sources, ReadOnlySpan<float> gradients, int length, int stride)
    {
        Span<float> rows = sources[0].Gradients;
        Span<float> nextRows = sources[1].Gradients;
        ReadOnlySpan<int> row = sources[0].Index;
        ReadOnlySpan<int> nextRow = sources[1].Index;
        ReadOnlySpan<long> shifts = sources[2].Codes;
        for (int i = 0; i < shifts.Length; i++)
        {
            int shift = (int)shifts[i];
            int head = Math.Min(block - shift, length);
            ReadOnlySpan<float> gradient = gradients.Slice(i * stride, length);
            Span<float> end = rows.Slice((row[i] * block) + shift, head);
            TensorPrimitives.Add(end, gradient[..head], end);
            Span<float> start = nextRows.Slice(nextRow[i] * block, length - head);
            TensorPrimitives.Add(start, gradient[head..], start);
        }
    }
}
