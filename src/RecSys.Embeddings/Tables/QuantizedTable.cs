using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tables;

/// <summary>
/// Rows of 8-bit or 4-bit codes with a scale and an offset per row: value = offset + scale · code, rounded to the nearest code
/// between the smallest and the largest number of the row.
/// </summary>
/// <remarks>
/// A row is one stretch of memory, so a look-up reads as few cache lines as it can: 8 bytes of scale and offset, then one byte a
/// number, or half a byte. Reading is thread-safe; different rows may be written from different threads. The table owns its memory.
/// </remarks>
public sealed class QuantizedTable : IDisposable
{
    private readonly NativeBuffer<byte> _rows;

    /// <summary>Creates a table of zeros.</summary>
    /// <param name="rowCount">Rows, ≥ 1.</param>
    /// <param name="width">Numbers per row, ≥ 1.</param>
    /// <param name="bits">Bits per code: 8 or 4.</param>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public QuantizedTable(long rowCount, int width, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(width, 1);
        if (bits is not (8 or 4))
            throw new ArgumentOutOfRangeException(nameof(bits), bits, "Valid are 8 and 4.");
        RowCount = rowCount;
        Width = width;
        Bits = bits;
        RowByteCount = QuantizedMemory.HeaderByteCount + (bits == 8 ? width : (width + 1) / 2);
        _rows = new NativeBuffer<byte>(checked(rowCount * RowByteCount));
    }

    /// <summary>Rows.</summary>
    public long RowCount { get; }

    /// <summary>Numbers per row.</summary>
    public int Width { get; }

    /// <summary>Bits per code.</summary>
    public int Bits { get; }

    /// <summary>Bytes per row, scale and offset included.</summary>
    public int RowByteCount { get; }

    /// <summary>All bytes, row after row.</summary>
    public NativeBuffer<byte> Bytes => _rows;

    /// <summary>Stores a row.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    /// <param name="values">Finite numbers, [width].</param>
    /// <exception cref="ArgumentException">There is no such row, or another number of values.</exception>
    public void SetRow(long row, ReadOnlySpan<float> values)
    {
        if (values.Length != Width)
            throw new ArgumentException($"A row has {Width} numbers, but {values.Length} were given.", nameof(values));
        Span<byte> bytes = _rows.Span(row * RowByteCount, RowByteCount);
        int largestCode = (1 << Bits) - 1;
        float offset = TensorPrimitives.Min(values);
        float scale = (TensorPrimitives.Max(values) - offset) / largestCode;
        MemoryMarshal.Write(bytes, scale);
        MemoryMarshal.Write(bytes[sizeof(float)..], offset);

        // All numbers alike: any code stands for the offset.
        float codesPerUnit = scale > 0 ? 1 / scale : 0;
        Span<byte> codes = bytes[QuantizedMemory.HeaderByteCount..];
        codes.Clear();
        for (int j = 0; j < values.Length; j++)
        {
            int code = Math.Clamp((int)MathF.Round((values[j] - offset) * codesPerUnit), 0, largestCode);
            if (Bits == 8)
                codes[j] = (byte)code;
            else if (j < codes.Length)
                codes[j] |= (byte)code;
            else
                codes[j - codes.Length] |= (byte)(code << 4);
        }
    }

    /// <summary>Reads rows as numbers.</summary>
    /// <param name="rows">Row numbers.</param>
    /// <param name="destination">Receives [rows × width].</param>
    /// <exception cref="ArgumentException">A row is not in the table, or <paramref name="destination"/> is too short.</exception>
    public void Gather(ReadOnlySpan<long> rows, Span<float> destination)
    {
        var memory = new QuantizedMemory(_rows, RowCount, Width);
        if (Bits == 8)
            EmbeddingKernels.GatherInt8(memory, rows, destination);
        else
            EmbeddingKernels.GatherInt4(memory, rows, destination);
    }

    /// <inheritdoc/>
    public void Dispose() => _rows.Dispose();
}
