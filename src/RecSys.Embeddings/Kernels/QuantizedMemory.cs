using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Kernels;

/// <summary>
/// Where rows of codes lie. A row is one stretch of bytes: scale and offset as floats, then the codes; value = offset + scale · code.
/// It owns nothing: the memory has to outlive it.
/// </summary>
/// <param name="rows">[row count × row byte count].</param>
/// <param name="rowCount">Rows, ≥ 1.</param>
/// <param name="width">Numbers per row.</param>
internal readonly unsafe struct QuantizedMemory(NativeBuffer<byte> rows, long rowCount, int width)
{
    /// <summary>Bytes of scale and offset, before the codes.</summary>
    public const int HeaderByteCount = 2 * sizeof(float);

    /// <summary>First byte of the first row.</summary>
    public byte* Rows { get; } = rows.Pointer;

    /// <summary>Rows.</summary>
    public long RowCount { get; } = rowCount;

    /// <summary>Numbers per row.</summary>
    public int Width { get; } = width;

    /// <summary>Bytes per row.</summary>
    public int RowByteCount { get; } = (int)(rows.Length / rowCount);
}
