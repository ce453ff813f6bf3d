namespace RecSys.Embeddings.Tables;

/// <summary>Shape, precision and first values of one physical table of rows.</summary>
/// <param name="Name">Unique name in its store, for example <c>embedding/user_id/quotient</c>. It also salts the initial values.</param>
/// <param name="RowCount">Number of rows, ≥ 1; may exceed 2^31.</param>
/// <param name="Width">Numbers per row, ≥ 1.</param>
/// <param name="Initializer">Rule for the first values.</param>
public sealed record TableSpec(string Name, long RowCount, int Width, Initializer Initializer)
{
    /// <summary>How rows are kept.</summary>
    /// <value>fp32 by default.</value>
    public RowPrecision Precision { get; init; } = RowPrecision.Fp32;

    /// <summary>Bytes of a row.</summary>
    public int RowByteCount => Precision.RowByteCount(Width);

    /// <summary>Bytes of all rows.</summary>
    public long ByteCount => RowCount * RowByteCount;

    /// <summary>
    /// Type and shape of the table's tensor in a safetensors file: [row count × width] numbers, or [row count × bytes of a row] for codes
    /// with their scales.
    /// </summary>
    public (string Type, long[] Shape) StoredAs => Precision.Format switch
    {
        RowFormat.Fp32 => ("F32", [RowCount, Width]),
        RowFormat.Fp16 => ("F16", [RowCount, Width]),
        RowFormat.Bf16 => ("BF16", [RowCount, Width]),
        _ => ("U8", [RowCount, RowByteCount]),
    };
}
