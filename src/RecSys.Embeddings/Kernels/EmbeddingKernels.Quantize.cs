using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace RecSys.Embeddings.Kernels;

public static unsafe partial class EmbeddingKernels
{
    /// <summary>destination row i = the numbers of table row rows[i], whose codes are bytes.</summary>
    /// <param name="table">The table.</param>
    /// <param name="rows">Row numbers.</param>
    /// <param name="destination">Receives [rows × width].</param>
    /// <exception cref="ArgumentException">A row is not in the table, or <paramref name="destination"/> is too short.</exception>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void GatherInt8(in QuantizedMemory table, ReadOnlySpan<long> rows, Span<float> destination)
    {
        QuantizedMemory memory = table;
        int width = memory.Width;
        CheckVectors(rows.Length, width, destination.Length, width, nameof(destination));
        ref float target = ref MemoryMarshal.GetReference(destination);
        PrefetchFirst(memory, rows);
        for (int i = 0; i < rows.Length; i++)
        {
            byte* row = RowAhead(memory, rows, i);
            ref byte codes = ref row[QuantizedMemory.HeaderByteCount];
            Run(new DecodeBytesLoop(ref VectorAt(ref target, i, width), ref codes, Scale(row), Offset(row)), (nuint)width);
        }
    }

    /// <summary>
    /// destination row i = the numbers of table row rows[i], whose codes are half bytes: with h = ⌈width / 2⌉, number j is the
    /// lower half of byte j and number h + j the upper half, so that a register of bytes gives two registers of consecutive numbers.
    /// </summary>
    /// <inheritdoc cref="GatherInt8"/>
    [MethodImpl(MethodImplOptions.NoInlining)]
    internal static void GatherInt4(in QuantizedMemory table, ReadOnlySpan<long> rows, Span<float> destination)
    {
        QuantizedMemory memory = table;
        int width = memory.Width;
        CheckVectors(rows.Length, width, destination.Length, width, nameof(destination));
        ref float target = ref MemoryMarshal.GetReference(destination);
        nuint half = (nuint)(width + 1) / 2;
        nuint pairs = (nuint)width / 2;
        PrefetchFirst(memory, rows);
        for (int i = 0; i < rows.Length; i++)
        {
            byte* row = RowAhead(memory, rows, i);
            ref byte codes = ref row[QuantizedMemory.HeaderByteCount];
            ref float vector = ref VectorAt(ref target, i, width);
            Run(new DecodeNibblesLoop(ref vector, ref codes, half, Scale(row), Offset(row)), pairs);

            // An odd row ends its lower half with a number that has no partner.
            if (pairs < half)
                Unsafe.Add(ref vector, pairs) = float.MultiplyAddEstimate(Scale(row), Unsafe.Add(ref codes, pairs) & 15, Offset(row));
        }
    }

    private static void PrefetchFirst(in QuantizedMemory table, ReadOnlySpan<long> rows)
    {
        for (int i = 0; i < Math.Min(PrefetchDistance, rows.Length); i++)
            PrefetchLines(table.Rows + (rows[i] * table.RowByteCount), (nuint)(uint)table.RowByteCount);
    }

    // Checks a row, and asks for the memory of a later one.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static byte* RowAhead(in QuantizedMemory table, ReadOnlySpan<long> rows, int i)
    {
        if (i + PrefetchDistance < rows.Length)
            PrefetchLines(table.Rows + (rows[i + PrefetchDistance] * table.RowByteCount), (nuint)(uint)table.RowByteCount);
        if ((ulong)rows[i] >= (ulong)table.RowCount)
            ThrowRow(rows[i], table.RowCount);
        return table.Rows + (rows[i] * table.RowByteCount);
    }

    // Rows have any number of bytes, so these floats lie anywhere.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Scale(byte* row) => Unsafe.ReadUnaligned<float>(row);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Offset(byte* row) => Unsafe.ReadUnaligned<float>(row + sizeof(float));

    // target = offset + scale · code
    private readonly ref struct DecodeBytesLoop(ref float target, ref byte codes, float scale, float offset) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref byte _codes = ref codes;
        private readonly float _scale = scale;
        private readonly float _offset = offset;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
            => TLanes.MultiplyAdd(TLanes.Broadcast(_scale), TLanes.LoadBytes(ref _codes, i), TLanes.Broadcast(_offset)).Store(ref _target, i);
    }

    private readonly ref struct DecodeNibblesLoop(ref float target, ref byte codes, nuint half, float scale, float offset) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref byte _codes = ref codes;
        private readonly nuint _half = half;
        private readonly float _scale = scale;
        private readonly float _offset = offset;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
        {
            var low = TLanes.LoadNibbles(ref _codes, i, out var high);
            TLanes.MultiplyAdd(TLanes.Broadcast(_scale), low, TLanes.Broadcast(_offset)).Store(ref _target, i);
            TLanes.MultiplyAdd(TLanes.Broadcast(_scale), high, TLanes.Broadcast(_offset)).Store(ref _target, i + _half);
        }
    }
}
