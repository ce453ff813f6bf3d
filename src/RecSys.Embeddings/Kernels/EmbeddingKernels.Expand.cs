using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

public static partial class EmbeddingKernels
{
    /// <summary>vector i = row index[i].</summary>
    /// <param name="rows">Distinct rows, row-major.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <param name="index">Row of each vector.</param>
    /// <param name="output">Vectors; vector i is <c>output[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="width"/>.</param>
    /// <exception cref="ArgumentException">An index names no row, or <paramref name="output"/> is too short.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ExpandCopy(ReadOnlySpan<float> rows, int width, ReadOnlySpan<int> index, Span<float> output, int stride)
    {
        CheckVectors(index.Length, width, output.Length, stride, nameof(output));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(rows);
        ref float target = ref MemoryMarshal.GetReference(output);
        for (int i = 0; i < index.Length; i++)
            Run(new CopyLoop(ref VectorAt(ref target, i, stride), ref RowAt(ref source, index[i], rowCount, width)), (nuint)width);
    }

    /// <summary>vector i += row index[i].</summary>
    /// <inheritdoc cref="ExpandCopy"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ExpandAdd(ReadOnlySpan<float> rows, int width, ReadOnlySpan<int> index, Span<float> output, int stride)
    {
        CheckVectors(index.Length, width, output.Length, stride, nameof(output));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(rows);
        ref float target = ref MemoryMarshal.GetReference(output);
        for (int i = 0; i < index.Length; i++)
            Run(new AddLoop(ref VectorAt(ref target, i, stride), ref RowAt(ref source, index[i], rowCount, width)), (nuint)width);
    }

    /// <summary>vector i *= row index[i], element by element.</summary>
    /// <inheritdoc cref="ExpandCopy"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ExpandMultiply(ReadOnlySpan<float> rows, int width, ReadOnlySpan<int> index, Span<float> output, int stride)
    {
        CheckVectors(index.Length, width, output.Length, stride, nameof(output));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(rows);
        ref float target = ref MemoryMarshal.GetReference(output);
        for (int i = 0; i < index.Length; i++)
            Run(new MultiplyLoop(ref VectorAt(ref target, i, stride), ref RowAt(ref source, index[i], rowCount, width)), (nuint)width);
    }

    // Vectors lie at a distance of stride; CheckVectors has made sure that they are inside the block.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float VectorAt(ref float block, int vector, int stride) => ref Unsafe.Add(ref block, (nuint)(uint)vector * (nuint)(uint)stride);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ref float RowAt(ref float rows, int row, uint rowCount, int width)
    {
        if ((uint)row >= rowCount)
            ThrowRow(row, rowCount);
        return ref Unsafe.Add(ref rows, (nuint)(uint)row * (nuint)(uint)width);
    }
}
