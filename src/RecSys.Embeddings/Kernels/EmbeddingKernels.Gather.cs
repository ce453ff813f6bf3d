using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;

namespace RecSys.Embeddings.Kernels;

public static unsafe partial class EmbeddingKernels
{
    /// <summary>How many rows ahead a loop asks for memory: enough to hide a miss of all caches, few enough that nothing asked for is evicted again.</summary>
    internal const int PrefetchDistance = 32;

    private const int CacheLine = 64;

    // A row at a place of a vector.
    private interface IRowStep
    {
        static abstract bool IsPlace { get; }

        static abstract void Apply(ref float target, ref float row, nuint width);
    }

    /// <summary>destination row i = table row rows[i].</summary>
    /// <param name="table">The table; its state is not read.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="destination">Receives [rows × width].</param>
    /// <exception cref="ArgumentException">A row is not in the table, or <paramref name="destination"/> is too short.</exception>
    internal static void Gather(in TableMemory table, ReadOnlySpan<long> rows, Span<float> destination)
    {
        Prefetch(table, rows);
        Gather(RowStep.Place, table, rows, rows.Length, destination, table.Width);
    }

    /// <summary>Vector i is written, added to or multiplied by table row rows[i].</summary>
    /// <param name="step">What a row does to its vector.</param>
    /// <param name="table">The table; its state is not read.</param>
    /// <param name="rows">Row numbers. The memory of those beyond <paramref name="count"/> is only asked for: the next call begins with them.</param>
    /// <param name="count">Number of vectors.</param>
    /// <param name="vectors">Vectors; vector i is <c>vectors[i·stride … i·stride + width)</c>.</param>
    /// <param name="stride">Distance between vectors, ≥ width.</param>
    /// <exception cref="ArgumentException">A row is not in the table, or <paramref name="vectors"/> is too short.</exception>
    internal static void Gather(RowStep step, in TableMemory table, ReadOnlySpan<long> rows, int count, Span<float> vectors, int stride)
    {
        switch (step)
        {
            case RowStep.Place:
                Gather<PlaceStep>(table, rows, count, vectors, stride);
                break;
            case RowStep.Add:
                Gather<AddStep>(table, rows, count, vectors, stride);
                break;
            default:
                Gather<MultiplyStep>(table, rows, count, vectors, stride);
                break;
        }
    }

    private static void Gather<TStep>(in TableMemory table, ReadOnlySpan<long> rows, int count, Span<float> vectors, int stride)
        where TStep : struct, IRowStep
    {
        if (table.IsPlain)
            GatherFloats<TStep>(table, rows, count, vectors, stride);
        else
            GatherDecoded<TStep>(table, rows, count, vectors, stride);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GatherFloats<TStep>(in TableMemory table, ReadOnlySpan<long> rows, int count, Span<float> vectors, int stride)
        where TStep : struct, IRowStep
    {
        int width = table.Width;
        float* values = table.Values;
        ulong rowCount = (ulong)table.RowCount;
        CheckVectors(count, width, vectors.Length, stride, nameof(vectors));
        ref float target = ref MemoryMarshal.GetReference(vectors);
        for (int i = 0; i < count; i++)
        {
            if (i + PrefetchDistance < rows.Length)
                Prefetch(values + (rows[i + PrefetchDistance] * width), width);
            if ((ulong)rows[i] >= rowCount)
                ThrowRow(rows[i], table.RowCount);
            TStep.Apply(ref VectorAt(ref target, i, stride), ref values[rows[i] * width], (nuint)width);
        }
    }

    /// <summary>
    /// Sum or mean of the rows of an fp32 table of each bag, without a copy of the rows. Rows beyond the last bag are only asked for, as by <see cref="Gather(RowStep, in TableMemory, ReadOnlySpan{long}, int, Span{float}, int)"/>.
    /// </summary>
    /// <param name="table">The table; its state is not read.</param>
    /// <param name="rows">Row numbers, bag after bag; the first is number <c>offsets[0]</c>.</param>
    /// <param name="offsets">Bag b holds rows <c>offsets[b] … offsets[b + 1])</c>; ascending.</param>
    /// <param name="destination">Receives [bags × width].</param>
    /// <param name="isMean">Mean instead of sum.</param>
    /// <exception cref="ArgumentException">A row is not in the table, offsets descend, or a block is too short.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void GatherPooled(in TableMemory table, ReadOnlySpan<long> rows, ReadOnlySpan<int> offsets, Span<float> destination, bool isMean)
    {
        int width = table.Width;
        float* values = table.Values;
        ulong rowCount = (ulong)table.RowCount;
        CheckVectors(offsets.Length - 1, width, destination.Length, width, nameof(destination));
        CheckSegments(offsets, 1, rows.Length);
        ref float target = ref MemoryMarshal.GetReference(destination);
        for (int b = 0; b + 1 < offsets.Length; b++)
        {
            int first = offsets[b] - offsets[0];
            int end = offsets[b + 1] - offsets[0];
            for (int i = first; i < end; i++)
            {
                if (i + PrefetchDistance < rows.Length)
                    Prefetch(values + (rows[i + PrefetchDistance] * width), width);
                if ((ulong)rows[i] >= rowCount)
                    ThrowRow(rows[i], table.RowCount);
            }

            Run(new PoolRowsLoop(ref VectorAt(ref target, b, width), values, rows[first..end], width, Weight(end - first, isMean)), (nuint)width);
        }
    }

    /// <summary>Asks for the first <see cref="PrefetchDistance"/> rows: a loop that looks so far ahead would come upon them unprepared.</summary>
    /// <param name="table">The table.</param>
    /// <param name="rows">Row numbers.</param>
    internal static void Prefetch(in TableMemory table, ReadOnlySpan<long> rows)
    {
        for (int i = 0; i < Math.Min(PrefetchDistance, rows.Length); i++)
            PrefetchRow(table, rows[i]);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchRow(in TableMemory table, long row)
    {
        // Where the numbers of a masked row are is not known before its bits have come.
        if (table.MaskWords is not null)
            PrefetchLines((byte*)table.MaskWords + (row * table.Width / 8), (nuint)(uint)(table.Width + 7) / 8);
        else
            PrefetchLines(table.Row(row), (nuint)(uint)table.RowByteCount);
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

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Prefetch(float* row, int width) => PrefetchLines((byte*)row, (nuint)(uint)width * sizeof(float));

    // The line of the last byte is asked for without a look at whether it is the line before: rows of other sizes than a line begin
    // anywhere in one, and a branch that nobody can predict costs more than a request too many. A hint: it never faults, whatever
    // the address. Processors without it go on and wait for the memory.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void PrefetchLines(byte* row, nuint byteCount)
    {
        if (!Sse.IsSupported)
            return;
        byte* last = row + byteCount - 1;
        for (byte* line = row; line < last; line += CacheLine)
            Sse.Prefetch0(line);
        Sse.Prefetch0(last);
    }

    private readonly struct PlaceStep : IRowStep
    {
        public static bool IsPlace => true;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref float target, ref float row, nuint width) => Run(new CopyLoop(ref target, ref row), width);
    }

    private readonly struct AddStep : IRowStep
    {
        public static bool IsPlace => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref float target, ref float row, nuint width) => Run(new AddLoop(ref target, ref row), width);
    }

    private readonly struct MultiplyStep : IRowStep
    {
        public static bool IsPlace => false;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Apply(ref float target, ref float row, nuint width) => Run(new MultiplyLoop(ref target, ref row), width);
    }
}
