using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

public static partial class EmbeddingKernels
{
    /// <summary>row index[i] += gradient i, in the order of i.</summary>
    /// <param name="gradients">Gradients of vectors; gradient i is <c>gradients[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="width"/>.</param>
    /// <param name="index">Row of each vector.</param>
    /// <param name="rows">Gradients of distinct rows, row-major; added to.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <exception cref="ArgumentException">An index names no row, or <paramref name="gradients"/> is too short.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ScatterAdd(ReadOnlySpan<float> gradients, int stride, ReadOnlySpan<int> index, Span<float> rows, int width)
    {
        CheckVectors(index.Length, width, gradients.Length, stride, nameof(gradients));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(gradients);
        ref float target = ref MemoryMarshal.GetReference(rows);
        for (int i = 0; i < index.Length; i++)
            Run(new AddLoop(ref RowAt(ref target, index[i], rowCount, width), ref VectorAt(ref source, i, stride)), (nuint)width);
    }

    /// <summary>row index[i] += <paramref name="factor"/> · gradient i, in the order of i.</summary>
    /// <param name="gradients">Gradients of vectors; gradient i is <c>gradients[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="width"/>.</param>
    /// <param name="factor">Factor of all gradients.</param>
    /// <param name="index">Row of each vector.</param>
    /// <param name="rows">Gradients of distinct rows, row-major; added to.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <exception cref="ArgumentException">An index names no row, or <paramref name="gradients"/> is too short.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ScatterAddScaled(ReadOnlySpan<float> gradients, int stride, float factor, ReadOnlySpan<int> index, Span<float> rows, int width)
    {
        CheckVectors(index.Length, width, gradients.Length, stride, nameof(gradients));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(gradients);
        ref float target = ref MemoryMarshal.GetReference(rows);
        for (int i = 0; i < index.Length; i++)
            Run(new AddScaledLoop(ref RowAt(ref target, index[i], rowCount, width), ref VectorAt(ref source, i, stride), factor), (nuint)width);
    }

    /// <summary>row index[i] += gradient i ⊙ factor row factorIndex[i], in the order of i: the gradient of an element-wise product.</summary>
    /// <param name="gradients">Gradients of vectors; gradient i is <c>gradients[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="width"/>.</param>
    /// <param name="factors">The other rows of the products, row-major.</param>
    /// <param name="factorIndex">Row of <paramref name="factors"/> of each vector.</param>
    /// <param name="index">Row of each vector; as many as <paramref name="factorIndex"/>.</param>
    /// <param name="rows">Gradients of distinct rows, row-major; added to.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <exception cref="ArgumentException">An index names no row, or lengths do not fit.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ScatterAddProduct(
        ReadOnlySpan<float> gradients, int stride, ReadOnlySpan<float> factors, ReadOnlySpan<int> factorIndex, ReadOnlySpan<int> index, Span<float> rows, int width)
    {
        CheckVectors(index.Length, width, gradients.Length, stride, nameof(gradients));
        if (factorIndex.Length != index.Length)
            throw new ArgumentException($"{index.Length} rows have {factorIndex.Length} factors.", nameof(factorIndex));
        uint rowCount = (uint)(rows.Length / width);
        uint factorCount = (uint)(factors.Length / width);
        ref float source = ref MemoryMarshal.GetReference(gradients);
        ref float factor = ref MemoryMarshal.GetReference(factors);
        ref float target = ref MemoryMarshal.GetReference(rows);
        for (int i = 0; i < index.Length; i++)
        {
            ref float row = ref RowAt(ref target, index[i], rowCount, width);
            Run(new AddProductLoop(ref row, ref VectorAt(ref source, i, stride), ref RowAt(ref factor, factorIndex[i], factorCount, width)), (nuint)width);
        }
    }
}
