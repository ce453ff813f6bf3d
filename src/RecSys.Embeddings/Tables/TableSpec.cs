using RecSys.Embeddings.Growing;

namespace RecSys.Embeddings.Tables;

/// <summary>Shape, precision and first values of one physical table of rows.</summary>
/// <param name="Name">Unique name in its store, for example <c>embedding/user_id/quotient</c>. It also salts the initial values.</param>
/// <param name="RowCount">Number of rows, ≥ 1; may exceed 2^31. Of a growing table how many ids can have a row.</param>
/// <param name="Width">Numbers per row, ≥ 1.</param>
/// <param name="Initializer">Rule for the first values.</param>
public sealed record TableSpec(string Name, long RowCount, int Width, Initializer Initializer)
{
    /// <summary>How rows are kept.</summary>
    /// <value>fp32 by default.</value>
    public RowPrecision Precision { get; init; } = RowPrecision.Fp32;

    /// <summary>The numbers that are kept, as fp32; null keeps all.</summary>
    public RowMask? Mask { get; init; }

    /// <summary>False when only a method changes the rows, between steps: the sparse optimiser leaves them alone.</summary>
    /// <value>true by default.</value>
    public bool IsTrained { get; init; } = true;

    /// <summary>Policies of a growing table, whose rows belong to 64-bit ids; null for rows with numbers.</summary>
    public GrowingOptions? Growing { get; init; }

    /// <summary>Which rows of a larger table these are.</summary>
    /// <value>All rows by default.</value>
    public RowNumbers Numbers { get; init; } = RowNumbers.Whole;

    /// <summary>True when rows are plain fp32, all numbers side by side.</summary>
    public bool IsPlain => Precision.Format == RowFormat.Fp32 && Mask is null;

    /// <summary>Bytes of a row of which all numbers are kept.</summary>
    public int RowByteCount => Precision.RowByteCount(Width);

    /// <summary>Where the bytes of a row are among those of the table.</summary>
    /// <param name="row">Number of the row.</param>
    internal (long Start, int ByteCount) PlaceOf(long row)
    {
        if (Mask is null)
            return (row * RowByteCount, RowByteCount);
        var (first, count) = Mask.KeptOf(row, Width);
        return (first * sizeof(float), count * sizeof(float));
    }

    /// <summary>Bytes of all rows, without the mask.</summary>
    public long ByteCount => Mask is null ? checked(RowCount * RowByteCount) : Mask.Count * sizeof(float);

    /// <summary>
    /// Type and shape of the table's tensor in a safetensors file: [row count × width] numbers, [row count × bytes of a row] for codes
    /// with their scales, [kept numbers] with a mask.
    /// </summary>
    public (string Type, long[] Shape) StoredAs => Precision.Format switch
    {
        _ when Mask is not null => ("F32", [Mask.Count]),
        RowFormat.Fp32 => ("F32", [RowCount, Width]),
        RowFormat.Fp16 => ("F16", [RowCount, Width]),
        RowFormat.Bf16 => ("BF16", [RowCount, Width]),
        _ => ("U8", [RowCount, RowByteCount]),
    };
}
