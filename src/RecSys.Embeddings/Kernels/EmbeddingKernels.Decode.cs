using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Kernels;

// Reading rows that are not kept as fp32. Codes of less than a byte: with h = ⌈width · bits / 8⌉ bytes, number j is in byte j mod h, and
// ⌊j / h⌋ says which bits of it, lowest first. So a register of bytes gives registers of consecutive numbers.
public static unsafe partial class EmbeddingKernels
{
    // Numbers of a row that fit the stack when it is added or multiplied.
    private const int StackWidth = 256;

    private interface IRowDecoder
    {
        static abstract void Decode(in TableMemory table, long row, ref float target);
    }

    // As Gather of fp32 rows.
    private static void GatherDecoded<TStep>(in TableMemory table, ReadOnlySpan<long> rows, int count, Span<float> vectors, int stride)
        where TStep : struct, IRowStep
    {
        switch (table.Format)
        {
            case RowFormat.Fp32:
                GatherDecoded<TStep, MaskedDecoder>(table, rows, count, vectors, stride);
                break;
            case RowFormat.Fp16:
                GatherDecoded<TStep, HalfDecoder>(table, rows, count, vectors, stride);
                break;
            case RowFormat.Bf16:
                GatherDecoded<TStep, UpperHalfDecoder>(table, rows, count, vectors, stride);
                break;
            case RowFormat.Int8:
                GatherDecoded<TStep, ByteDecoder>(table, rows, count, vectors, stride);
                break;
            case RowFormat.Int4:
                GatherDecoded<TStep, NibbleDecoder>(table, rows, count, vectors, stride);
                break;
            default:
                GatherDecoded<TStep, PairDecoder>(table, rows, count, vectors, stride);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static void GatherDecoded<TStep, TDecoder>(in TableMemory table, ReadOnlySpan<long> rows, int count, Span<float> vectors, int stride)
        where TStep : struct, IRowStep
        where TDecoder : struct, IRowDecoder
    {
        TableMemory memory = table;
        int width = memory.Width;
        CheckVectors(count, width, vectors.Length, stride, nameof(vectors));
        Span<float> room = TStep.IsPlace ? [] : width <= StackWidth ? stackalloc float[StackWidth] : new float[width];
        ref float decoded = ref MemoryMarshal.GetReference(room);
        ref float target = ref MemoryMarshal.GetReference(vectors);
        for (int i = 0; i < count; i++)
        {
            if (i + PrefetchDistance < rows.Length)
                PrefetchRow(memory, rows[i + PrefetchDistance]);
            if ((ulong)rows[i] >= (ulong)memory.RowCount)
                ThrowRow(rows[i], memory.RowCount);
            ref float vector = ref VectorAt(ref target, i, stride);
            TDecoder.Decode(memory, rows[i], ref TStep.IsPlace ? ref vector : ref decoded);
            if (!TStep.IsPlace)
                TStep.Apply(ref vector, ref decoded, (nuint)width);
        }
    }

    private readonly struct MaskedDecoder : IRowDecoder
    {
        private const int WordBits = 64;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(in TableMemory table, long row, ref float target)
        {
            long place = row * table.Width;
            float* value = table.Values + RowMask.CountBefore(table.MaskWords, table.MaskCounts, place);
            MemoryMarshal.CreateSpan(ref target, table.Width).Clear();
            for (int first = 0; first < table.Width; first += WordBits, place += WordBits)
            {
                // The bits of up to 64 numbers, which begin anywhere in a word.
                int count = Math.Min(table.Width - first, WordBits);
                ulong* word = table.MaskWords + ((ulong)place / WordBits);
                int shift = (int)((ulong)place % WordBits);
                ulong bits = *word >> shift;
                if (shift + count > WordBits)
                    bits |= word[1] << (WordBits - shift);
                if (count < WordBits)
                    bits &= (1UL << count) - 1;
                for (; bits != 0; bits &= bits - 1)
                    Unsafe.Add(ref target, first + BitOperations.TrailingZeroCount(bits)) = *value++;
            }
        }
    }

    private readonly struct HalfDecoder : IRowDecoder
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(in TableMemory table, long row, ref float target) => Run(new HalfLoop(ref target, ref *(ushort*)table.Row(row)), (nuint)table.Width);
    }

    private readonly struct UpperHalfDecoder : IRowDecoder
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(in TableMemory table, long row, ref float target) => Run(new UpperHalfLoop(ref target, ref *(ushort*)table.Row(row)), (nuint)table.Width);
    }

    private readonly struct ByteDecoder : IRowDecoder
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(in TableMemory table, long row, ref float target)
        {
            var (scale, offset) = table.ScaleOf(table.Row(row));
            Run(new CodeLoop(ref target, ref *table.Codes(table.Row(row)), 0, 255, scale, offset), (nuint)table.Width);
        }
    }

    private readonly struct NibbleDecoder : IRowDecoder
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(in TableMemory table, long row, ref float target) => DecodeParts(table, table.Row(row), ref target, 4);
    }

    private readonly struct PairDecoder : IRowDecoder
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(in TableMemory table, long row, ref float target) => DecodeParts(table, table.Row(row), ref target, 2);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void DecodeParts(in TableMemory table, byte* row, ref float target, int bits)
    {
        var (scale, offset) = table.ScaleOf(row);
        int byteCount = ((table.Width * bits) + 7) / 8;
        for (int part = 0; part < 8 / bits; part++)
        {
            int first = part * byteCount;
            int count = Math.Min(byteCount, table.Width - first);
            if (count > 0)
                Run(new CodeLoop(ref Unsafe.Add(ref target, first), ref *table.Codes(row), part * bits, (1 << bits) - 1, scale, offset), (nuint)count);
        }
    }

    private readonly ref struct HalfLoop(ref float target, ref ushort source) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref ushort _source = ref source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes> => TLanes.LoadHalves(ref _source, i).Store(ref _target, i);
    }

    private readonly ref struct UpperHalfLoop(ref float target, ref ushort source) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref ushort _source = ref source;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes> => TLanes.LoadUpperHalves(ref _source, i).Store(ref _target, i);
    }

    // target = offset + scale · code
    private readonly ref struct CodeLoop(ref float target, ref byte codes, int shift, int mask, float scale, float offset) : IElementLoop
    {
        private readonly ref float _target = ref target;
        private readonly ref byte _codes = ref codes;
        private readonly int _shift = shift;
        private readonly int _mask = mask;
        private readonly float _scale = scale;
        private readonly float _offset = offset;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Step<TLanes>(nuint i)
            where TLanes : struct, ILanes<TLanes>
            => TLanes.MultiplyAdd(TLanes.Broadcast(_scale), TLanes.LoadCodes(ref _codes, i, _shift, _mask), TLanes.Broadcast(_offset)).Store(ref _target, i);
    }
}
