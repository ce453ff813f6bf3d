using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Kernels;

/// <summary>Writes rows that are not plain fp32.</summary>
internal static unsafe class RowEncoder
{
    private const float LargestHalf = 65504;
    private const float SmallestNormalHalf = 6.103515625e-05f;
    private const float HalvesPerUnit = 1 << 24;

    // Bits of a float's fraction that an fp16 has not.
    private const int HalfCutBits = 13;

    /// <summary>Writes a row.</summary>
    /// <param name="table">A table that is not plain fp32.</param>
    /// <param name="precision">Its precision.</param>
    /// <param name="row">Row number; not checked.</param>
    /// <param name="values">Finite numbers, [width].</param>
    /// <param name="step">Distance of two codes with a fixed or learned scale; written to the row if learned.</param>
    /// <param name="rounding">How to round.</param>
    public static void Write(in TableMemory table, RowPrecision precision, long row, ReadOnlySpan<float> values, float step, RowRounding rounding)
    {
        if (table.MaskWords is not null)
        {
            WriteKept(table, row * table.Width, values);
            return;
        }

        byte* target = table.Row(row);
        switch (precision.Format)
        {
            case RowFormat.Fp16:
                for (int j = 0; j < values.Length; j++)
                    ((Half*)target)[j] = ToHalf(values[j], rounding, j);
                break;
            case RowFormat.Bf16:
                for (int j = 0; j < values.Length; j++)
                    ((ushort*)target)[j] = ToUpperHalf(values[j], rounding, j);
                break;
            default:
                WriteScale(precision, target, values, step);
                WriteCodes(table, target, values, rounding);
                break;
        }
    }

    /// <summary>Turns numbers into those that are read again after they were written, rounded to the nearest.</summary>
    /// <param name="spec">A table without a mask.</param>
    /// <param name="values">Finite numbers, [width].</param>
    public static void Round(TableSpec spec, Span<float> values)
    {
        byte[] bytes = ArrayPool<byte>.Shared.Rent(spec.RowByteCount);
        fixed (byte* row = bytes)
        {
            var memory = new TableMemory(spec, row);
            Write(memory, spec.Precision, 0, values, spec.Precision.Step, RowRounding.Nearest);
            EmbeddingKernels.Gather(memory, [0], values);
        }

        ArrayPool<byte>.Shared.Return(bytes);
    }

    private static void WriteKept(in TableMemory table, long place, ReadOnlySpan<float> values)
    {
        float* target = table.Values + RowMask.CountBefore(table.MaskWords, table.MaskCounts, place);
        foreach (float value in values)
        {
            if (((table.MaskWords[place / 64] >> (int)(place % 64)) & 1) != 0)
                *target++ = value;
            place++;
        }
    }

    private static void WriteScale(RowPrecision precision, byte* row, ReadOnlySpan<float> values, float step)
    {
        if (precision.Scale == RowScale.Learned)
            Unsafe.WriteUnaligned(row, step);
        if (precision.Scale != RowScale.Row)
            return;

        // Rounded outwards, so that all numbers lie between the first and the last code.
        Half offset = Down(TensorPrimitives.Min(values));
        Half scale = Up((TensorPrimitives.Max(values) - (float)offset) / ((1 << precision.Bits) - 1));
        Unsafe.WriteUnaligned(row, scale);
        Unsafe.WriteUnaligned(row + sizeof(ushort), offset);
    }

    private static void WriteCodes(in TableMemory table, byte* row, ReadOnlySpan<float> values, RowRounding rounding)
    {
        var (scale, offset) = table.ScaleOf(row);
        int bits = table.Bits;
        float largest = (1 << bits) - 1;
        // A scale of 0: all numbers equal the offset, and any code stands for it.
        float codesPerUnit = scale > 0 ? 1 / scale : 0;
        byte* codes = table.Codes(row);
        int byteCount = ((values.Length * bits) + 7) / 8;
        new Span<byte>(codes, byteCount).Clear();
        int place = 0;
        int shift = 0;
        for (int j = 0; j < values.Length; j++)
        {
            float code = MathF.Floor(((values[j] - offset) * codesPerUnit) + rounding.Share(j));
            codes[place] |= (byte)((int)Math.Clamp(code, 0, largest) << shift);
            if (++place == byteCount)
                (place, shift) = (0, shift + bits);
        }
    }

    private static Half ToHalf(float value, RowRounding rounding, int column)
    {
        float size = Math.Min(Math.Abs(value), LargestHalf);
        float rounded = size < SmallestNormalHalf
            ? MathF.Floor((size * HalvesPerUnit) + rounding.Share(column)) / HalvesPerUnit
            : Cut(size, rounding.ShareOfBits(column, HalfCutBits), HalfCutBits);
        return (Half)MathF.CopySign(Math.Min(rounded, LargestHalf), value);
    }

    private static ushort ToUpperHalf(float value, RowRounding rounding, int column)
        => (ushort)(BitConverter.SingleToUInt32Bits(Cut(value, rounding.ShareOfBits(column, 16), 16)) >> 16);

    // The bits of a float grow with its size, so a carry from the bits that are cut off leads to the next larger number.
    private static float Cut(float value, uint share, int bits)
        => float.IsFinite(value) ? BitConverter.UInt32BitsToSingle((BitConverter.SingleToUInt32Bits(value) + share) >> bits << bits) : value;

    private static Half Down(float value) => (float)(Half)value > value ? Half.BitDecrement((Half)value) : (Half)value;

    private static Half Up(float value) => (float)(Half)value < value ? Half.BitIncrement((Half)value) : (Half)value;
}
