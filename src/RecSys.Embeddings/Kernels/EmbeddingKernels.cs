using System.Diagnostics.CodeAnalysis;
using System.Runtime.CompilerServices;

namespace RecSys.Embeddings.Kernels;

/// <summary>The inner loops of look-ups and updates.</summary>
/// <remarks>Pure functions on the memory they are given; calls on different memory can run side by side. Every entry checks sizes
/// and row numbers once, in all builds: a bad index is an exception, never a stray write.
/// An entry is never inlined: the compiler inlines up to a budget per method, and what a caller used of it would be missing in the
/// loop, which then calls a method for every register.</remarks>
public static partial class EmbeddingKernels
{
    // Rows are short, so a remainder of less than one register is common. It is computed in registers of half the size, and so on
    // down to single numbers: a row of 13 numbers is 8 + 4 + 1 with 256 bits. VectorWidth.Bits is constant when this is compiled,
    // so the sizes that are not used vanish.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static void Run<TLoop>(TLoop loop, nuint length)
        where TLoop : struct, IElementLoop, allows ref struct
    {
        nuint i = 0;
        if (VectorWidth.Bits >= 512)
            i = Run<TLoop, Lanes512>(loop, i, length);
        if (VectorWidth.Bits >= 256)
            i = Run<TLoop, Lanes256>(loop, i, length);
        if (VectorWidth.Bits >= 128)
            i = Run<TLoop, Lanes128>(loop, i, length);
        Run<TLoop, Lanes1>(loop, i, length);
    }

    // As many whole registers as fit; returns the first number that is left.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static nuint Run<TLoop, TLanes>(TLoop loop, nuint i, nuint length)
        where TLoop : struct, IElementLoop, allows ref struct
        where TLanes : struct, ILanes<TLanes>
    {
        for (; i + (nuint)TLanes.Count <= length; i += (nuint)TLanes.Count)
            loop.Step<TLanes>(i);
        return i;
    }

    // Vector i takes [i·stride, i·stride + width) of the block.
    internal static void CheckVectors(int count, int width, int length, int stride, string name)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(width);
        ArgumentOutOfRangeException.ThrowIfLessThan(stride, width);
        if (count > 0 && ((long)(count - 1) * stride) + width > length)
            ThrowTooShort(count, width, length, stride, name);
    }

    [DoesNotReturn]
    private static void ThrowTooShort(int count, int width, int length, int stride, string name)
        => throw new ArgumentException($"{count} vectors of {width} numbers at a distance of {stride} need more than the {length} numbers given.", name);

    [DoesNotReturn]
    private static void ThrowRow(long row, long rowCount)
        => throw new ArgumentOutOfRangeException(nameof(row), row, $"There are {rowCount} rows; valid are 0 … {rowCount - 1}.");
}
