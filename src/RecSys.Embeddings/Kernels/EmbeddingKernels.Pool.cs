using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

public static partial class EmbeddingKernels
{
    /// <summary>Sum or mean of the vectors of each segment; an empty segment gives the zero vector.</summary>
    /// <param name="vectors">Vectors of all segments without gaps; the first is number <c>offsets[0]</c>.</param>
    /// <param name="width">Numbers per vector, ≥ 1.</param>
    /// <param name="offsets">Segment s holds vectors <c>offsets[s] … offsets[s + 1])</c>; ascending.</param>
    /// <param name="output">Receives segment s at <c>output[s·stride … s·stride + width)</c>.</param>
    /// <param name="stride">Distance between results, ≥ <paramref name="width"/>.</param>
    /// <param name="isMean">Mean instead of sum.</param>
    /// <exception cref="ArgumentException">Offsets descend, or a block is too short.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void PoolSegments(ReadOnlySpan<float> vectors, int width, ReadOnlySpan<int> offsets, Span<float> output, int stride, bool isMean)
    {
        CheckVectors(offsets.Length - 1, width, output.Length, stride, nameof(output));
        CheckSegments(offsets, width, vectors.Length);
        ref float source = ref MemoryMarshal.GetReference(vectors);
        ref float target = ref MemoryMarshal.GetReference(output);
        for (int s = 0; s + 1 < offsets.Length; s++)
        {
            int count = offsets[s + 1] - offsets[s];
            ref float first = ref VectorAt(ref source, offsets[s] - offsets[0], width);
            Run(new PoolLoop(ref VectorAt(ref target, s, stride), ref first, count, (nuint)width, Weight(count, isMean)), (nuint)width);
        }
    }

    /// <summary>The backward pass of <see cref="PoolSegments"/>: every vector of a segment receives the segment's gradient, divided by their number for a mean.</summary>
    /// <param name="gradients">Gradients of the segments; segment s at <c>gradients[s·stride … s·stride + width)</c>.</param>
    /// <param name="stride">Distance between them, ≥ <paramref name="width"/>.</param>
    /// <param name="offsets">Segment s holds vectors <c>offsets[s] … offsets[s + 1])</c>; ascending.</param>
    /// <param name="vectors">Receives the gradients of all vectors without gaps; the first is number <c>offsets[0]</c>.</param>
    /// <param name="width">Numbers per vector, ≥ 1.</param>
    /// <param name="isMean">Mean instead of sum.</param>
    /// <exception cref="ArgumentException">Offsets descend, or a block is too short.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void SpreadSegments(ReadOnlySpan<float> gradients, int stride, ReadOnlySpan<int> offsets, Span<float> vectors, int width, bool isMean)
    {
        CheckVectors(offsets.Length - 1, width, gradients.Length, stride, nameof(gradients));
        CheckSegments(offsets, width, vectors.Length);
        ref float source = ref MemoryMarshal.GetReference(gradients);
        ref float target = ref MemoryMarshal.GetReference(vectors);
        for (int s = 0; s + 1 < offsets.Length; s++)
        {
            float weight = Weight(offsets[s + 1] - offsets[s], isMean);
            for (int i = offsets[s]; i < offsets[s + 1]; i++)
                Run(new ScaleLoop(ref VectorAt(ref target, i - offsets[0], width), ref VectorAt(ref source, s, stride), weight), (nuint)width);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Weight(int count, bool isMean) => isMean && count > 1 ? 1f / count : 1;

    private static void CheckSegments(ReadOnlySpan<int> offsets, int width, int length)
    {
        for (int s = 0; s + 1 < offsets.Length; s++)
        {
            if (offsets[s + 1] < offsets[s])
                throw new ArgumentException($"Segment {s} ends at {offsets[s + 1]}, before its start {offsets[s]}.", nameof(offsets));
        }

        long count = offsets.IsEmpty ? 0 : (long)offsets[^1] - offsets[0];
        if (count * width > length)
            throw new ArgumentException($"{count} vectors of {width} numbers need more than the {length} numbers given.", nameof(offsets));
    }
}
