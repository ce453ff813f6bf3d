using System.Runtime.CompilerServices;

namespace RecSys.Torch.Interop;

/// <summary>
/// What the memory of this machine allows: loops in C that touch the same memory as a look-up or an update and do no more. A
/// measurement of our kernels states its share of them.
/// </summary>
/// <remarks>Times are in seconds, from the first start of a thread to the last end; the threads wait for each other before they
/// start. Every thread takes one consecutive part of the rows.</remarks>
public static unsafe class MemoryBounds
{
    /// <summary>Copies numbers. Of N bytes, N are read and N are written.</summary>
    /// <param name="from">Numbers to copy; whole cache lines for each thread.</param>
    /// <param name="to">Receives them; aligned to 16 bytes.</param>
    /// <param name="bypassCache">Streaming stores, which do not read what they overwrite.</param>
    /// <param name="threadCount">Threads, ≥ 1.</param>
    /// <exception cref="ArgumentException">The blocks differ in length.</exception>
    public static double Copy(ReadOnlySpan<float> from, Span<float> to, bool bypassCache, int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        if (from.Length != to.Length)
            throw new ArgumentException($"{from.Length} numbers cannot be copied to {to.Length}.", nameof(to));
        fixed (float* source = from, target = to)
        {
            NativeMethods.ThrowIfFailed(
                NativeMethods.rst_bound_copy(target, source, (long)from.Length * sizeof(float), bypassCache ? 1 : 0, threadCount, out double seconds), nameof(Copy));
            return seconds;
        }
    }

    /// <summary>Reads every byte of some rows.</summary>
    /// <param name="table">Rows without gaps.</param>
    /// <param name="rowByteCount">Bytes per row, ≥ 1.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="prefetchDistance">Memory is asked for so many rows ahead.</param>
    /// <param name="threadCount">Threads, ≥ 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A row is not in the table.</exception>
    public static double ReadRows<T>(ReadOnlySpan<T> table, int rowByteCount, ReadOnlySpan<long> rows, int prefetchDistance, int threadCount)
        where T : unmanaged
    {
        CheckRows(rows, (long)table.Length * Unsafe.SizeOf<T>(), rowByteCount, threadCount);
        fixed (T* start = table)
        fixed (long* row = rows)
        {
            NativeMethods.ThrowIfFailed(
                NativeMethods.rst_bound_read(start, rowByteCount, row, rows.Length, prefetchDistance, threadCount, out double seconds), nameof(ReadRows));
            return seconds;
        }
    }

    /// <summary>Copies some rows one behind the other: a look-up without anything that is not copying.</summary>
    /// <param name="to">Receives the rows.</param>
    /// <param name="table">Rows without gaps.</param>
    /// <param name="rowByteCount">Bytes per row, ≥ 1.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="prefetchDistance">Memory is asked for so many rows ahead.</param>
    /// <param name="threadCount">Threads, ≥ 1.</param>
    /// <exception cref="ArgumentException">A row is not in the table, or <paramref name="to"/> has another length than the rows.</exception>
    public static double GatherRows<T>(Span<T> to, ReadOnlySpan<T> table, int rowByteCount, ReadOnlySpan<long> rows, int prefetchDistance, int threadCount)
        where T : unmanaged
    {
        CheckRows(rows, (long)table.Length * Unsafe.SizeOf<T>(), rowByteCount, threadCount);
        if ((long)to.Length * Unsafe.SizeOf<T>() != (long)rows.Length * rowByteCount)
            throw new ArgumentException($"{rows.Length} rows of {rowByteCount} bytes do not fill {to.Length} numbers.", nameof(to));
        fixed (T* target = to, start = table)
        fixed (long* row = rows)
        {
            NativeMethods.ThrowIfFailed(
                NativeMethods.rst_bound_gather(target, start, rowByteCount, row, rows.Length, prefetchDistance, threadCount, out double seconds), nameof(GatherRows));
            return seconds;
        }
    }

    /// <summary>Reads and writes every byte of some rows and of their states, and reads a gradient per row. Nothing else is computed than a sum of integers.</summary>
    /// <param name="table">Rows without gaps.</param>
    /// <param name="rowByteCount">Bytes per row, a multiple of 4.</param>
    /// <param name="states">States of the rows without gaps; may be empty.</param>
    /// <param name="stateByteCount">Bytes of state per row, a multiple of 4; may be 0.</param>
    /// <param name="gradients">One row per row number, added bit by bit (zeros leave the table as it is); empty for none.</param>
    /// <param name="rows">Row numbers; those of different threads are different rows.</param>
    /// <param name="prefetchDistance">Memory is asked for so many rows ahead.</param>
    /// <param name="threadCount">Threads, ≥ 1.</param>
    /// <exception cref="ArgumentException">A row is not in the table, or there are too few gradients.</exception>
    public static double UpdateRows<T>(
        Span<T> table, int rowByteCount, Span<float> states, int stateByteCount, ReadOnlySpan<float> gradients, ReadOnlySpan<long> rows, int prefetchDistance, int threadCount)
        where T : unmanaged
    {
        CheckRows(rows, (long)table.Length * Unsafe.SizeOf<T>(), rowByteCount, threadCount);
        if (stateByteCount > 0)
            CheckRows(rows, (long)states.Length * sizeof(float), stateByteCount, threadCount);
        if (!gradients.IsEmpty && (long)gradients.Length * sizeof(float) < (long)rows.Length * rowByteCount)
            throw new ArgumentException($"{rows.Length} rows of {rowByteCount} bytes have gradients of {gradients.Length} numbers only.", nameof(gradients));
        fixed (T* start = table)
        fixed (float* state = states, gradient = gradients)
        fixed (long* row = rows)
        {
            NativeMethods.ThrowIfFailed(
                NativeMethods.rst_bound_update(
                    start, rowByteCount, state, stateByteCount, gradient, row, rows.Length, prefetchDistance, threadCount, out double seconds),
                nameof(UpdateRows));
            return seconds;
        }
    }

    private static void CheckRows(ReadOnlySpan<long> rows, long byteCount, int rowByteCount, int threadCount)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rowByteCount);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(threadCount);
        ulong rowCount = (ulong)(byteCount / rowByteCount);
        foreach (long row in rows)
        {
            if ((ulong)row >= rowCount)
                throw new ArgumentOutOfRangeException(nameof(rows), row, $"There are {rowCount} rows of {rowByteCount} bytes.");
        }
    }
}
