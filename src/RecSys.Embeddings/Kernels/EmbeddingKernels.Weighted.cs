using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

public static partial class EmbeddingKernels
{
    /// <summary>vector i += factor i · row index[i].</summary>
    /// <param name="rows">Distinct rows, row-major.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <param name="index">Row of each vector.</param>
    /// <param name="factors">One per vector.</param>
    /// <param name="output">Vectors; vector i is <c>output[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="width"/>.</param>
    /// <exception cref="ArgumentException">An index names no row, or lengths do not fit.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ExpandAddScaled(
        ReadOnlySpan<float> rows, int width, ReadOnlySpan<int> index, ReadOnlySpan<float> factors, Span<float> output, int stride)
    {
        CheckVectors(index.Length, width, output.Length, stride, nameof(output));
        CheckCount(index.Length, factors.Length, nameof(factors));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(rows);
        ref float target = ref MemoryMarshal.GetReference(output);
        for (int i = 0; i < index.Length; i++)
            Run(new AddScaledLoop(ref VectorAt(ref target, i, stride), ref RowAt(ref source, index[i], rowCount, width), factors[i]), (nuint)width);
    }

    /// <summary>row index[i] += factor i · gradient i, in the order of i.</summary>
    /// <param name="gradients">Gradients of vectors; gradient i is <c>gradients[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="width"/>.</param>
    /// <param name="factors">One per vector.</param>
    /// <param name="index">Row of each vector.</param>
    /// <param name="rows">Gradients of distinct rows, row-major; added to.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <exception cref="ArgumentException">An index names no row, or lengths do not fit.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void ScatterAddScaled(
        ReadOnlySpan<float> gradients, int stride, ReadOnlySpan<float> factors, ReadOnlySpan<int> index, Span<float> rows, int width)
    {
        CheckVectors(index.Length, width, gradients.Length, stride, nameof(gradients));
        CheckCount(index.Length, factors.Length, nameof(factors));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(gradients);
        ref float target = ref MemoryMarshal.GetReference(rows);
        for (int i = 0; i < index.Length; i++)
            Run(new AddScaledLoop(ref RowAt(ref target, index[i], rowCount, width), ref VectorAt(ref source, i, stride), factors[i]), (nuint)width);
    }

    /// <summary>product i = ⟨row index[i], gradient i⟩: the gradient of a factor of the row.</summary>
    /// <param name="rows">Distinct rows, row-major.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <param name="index">Row of each vector.</param>
    /// <param name="gradients">Gradients of vectors; gradient i is <c>gradients[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ <paramref name="width"/>.</param>
    /// <param name="products">Receives one number per vector.</param>
    /// <exception cref="ArgumentException">An index names no row, or lengths do not fit.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    public static void Dot(
        ReadOnlySpan<float> rows, int width, ReadOnlySpan<int> index, ReadOnlySpan<float> gradients, int stride, Span<float> products)
    {
        CheckVectors(index.Length, width, gradients.Length, stride, nameof(gradients));
        CheckCount(index.Length, products.Length, nameof(products));
        uint rowCount = (uint)(rows.Length / width);
        ref float source = ref MemoryMarshal.GetReference(rows);
        ref float gradient = ref MemoryMarshal.GetReference(gradients);
        for (int i = 0; i < index.Length; i++)
        {
            products[i] = 0;
            Run(new DotLoop(ref products[i], ref RowAt(ref source, index[i], rowCount, width), ref VectorAt(ref gradient, i, stride)), (nuint)width);
        }
    }

    private static void CheckCount(int vectors, int numbers, string name)
    {
        if (vectors != numbers)
            ThrowCount(vectors, numbers, name);
    }

    [DoesNotReturn]
    private static void ThrowCount(int vectors, int numbers, string name)
        => throw new ArgumentException($"There are {vectors} vectors, but {numbers} numbers, one per vector, were given.", name);
}
