using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace RecSys.Embeddings.Kernels;

public static unsafe partial class EmbeddingKernels
{
    // How many rows ahead a loop asks for memory: enough to hide a miss of all caches, few enough that nothing asked for is evicted again.
    private const int PrefetchDistance = 16;

    private const int CacheLine = 64;

    /// <summary>destination row i = table row rows[i].</summary>
    /// <param name="table">The table; its state is not read.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="destination">Receives [rows × width].</param>
    /// <exception cref="ArgumentException">A row is not in the table, or <paramref name="destination"/> is too short.</exception>
    internal static void Gather(in TableMemory table, ReadOnlySpan<long> rows, Span<float> destination)
    {
        int width = table.Width;
        CheckVectors(rows.Length, width, destination.Length, width, nameof(destination));
        ref float target = ref MemoryMarshal.GetReference(destination);
        for (int i = 0; i < rows.Length; i++)
        {
            if (i + PrefetchDistance < rows.Length)
                Prefetch(table.Values + (rows[i + PrefetchDistance] * width), width);
            if ((ulong)rows[i] >= (ulong)table.RowCount)
                ThrowRow(rows[i], table.RowCount);
            Run(new CopyLoop(ref VectorAt(ref target, i, width), ref table.Values[rows[i] * width]), (nuint)width);
        }
    }

    /// <summary>Asks for memory that will soon be used; a hint without effect on results.</summary>
    /// <param name="place">Any place; the cache line around it is asked for.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Prefetch<T>(ref T place)
    {
        // The collector may move the memory meanwhile: then the hint is useless, not wrong.
        if (Sse.IsSupported)
            Sse.Prefetch0(Unsafe.AsPointer(ref place));
    }

    // A hint: it never faults, whatever the address. Processors without it go on and wait for the memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* row, int width)
    {
        if (!Sse.IsSupported)
            return;
        byte* last = (byte*)(row + width) - 1;
        for (byte* line = (byte*)row; line < last; line += CacheLine)
            Sse.Prefetch0(line);
        Sse.Prefetch0(last);
    }
}
