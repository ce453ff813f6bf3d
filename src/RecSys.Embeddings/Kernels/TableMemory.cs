using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Kernels;

/// <summary>Where a table's rows and their optimiser state lie, and how rows are kept. It owns nothing: the memory has to outlive it.</summary>
internal readonly unsafe struct TableMemory
{
    private readonly int _headerByteCount;
    private readonly RowScale _scale;
    private readonly float _step;

    /// <summary>A table in native memory.</summary>
    /// <param name="spec">Shape and precision.</param>
    /// <param name="rows">All rows.</param>
    /// <param name="states">[row count × state width].</param>
    public TableMemory(TableSpec spec, NativeBuffer<byte> rows, NativeBuffer<float> states)
        : this(spec, rows.Pointer)
    {
        States = states.Pointer;
        StateWidth = (int)(states.Length / spec.RowCount);
    }

    /// <summary>A table in a mapped file; it has no state and must not be written.</summary>
    /// <param name="spec">Shape and precision.</param>
    /// <param name="rows">First byte of the first row.</param>
    public TableMemory(TableSpec spec, byte* rows)
    {
        Rows = rows;
        RowCount = spec.RowCount;
        Width = spec.Width;
        RowByteCount = spec.RowByteCount;
        Format = spec.Precision.Format;
        Bits = spec.Precision.Bits;
        _headerByteCount = spec.Precision.HeaderByteCount;
        _scale = spec.Precision.Scale;
        _step = spec.Precision.Step;
        if (spec.Mask is null)
            return;
        MaskWords = spec.Mask.Words;
        MaskCounts = spec.Mask.Counts;
    }

    /// <summary>Rows of fp32 in other memory.</summary>
    /// <param name="values">[row count × width].</param>
    /// <param name="states">[row count × state width].</param>
    /// <param name="rowCount">Rows.</param>
    /// <param name="width">Numbers per row.</param>
    /// <param name="stateWidth">Numbers of state per row.</param>
    public TableMemory(float* values, float* states, int rowCount, int width, int stateWidth)
    {
        Rows = (byte*)values;
        RowCount = rowCount;
        Width = width;
        RowByteCount = width * sizeof(float);
        States = states;
        StateWidth = stateWidth;
    }

    /// <summary>Rows of fp32 in a pinned array; they have no state and must not be written.</summary>
    /// <param name="values">[rows × width].</param>
    /// <param name="width">Numbers per row.</param>
    public TableMemory(ReadOnlySpan<float> values, int width)
        : this((float*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(values)), null, values.Length / width, width, stateWidth: 0)
    {
    }

    /// <summary>First byte of the first row.</summary>
    public byte* Rows { get; }

    /// <summary>First number of the first row of an fp32 table.</summary>
    public float* Values => (float*)Rows;

    /// <summary>First number of the first row's state.</summary>
    public float* States { get; }

    /// <summary>Rows.</summary>
    public long RowCount { get; }

    /// <summary>Numbers per row.</summary>
    public int Width { get; }

    /// <summary>Bytes per row.</summary>
    public int RowByteCount { get; }

    /// <summary>Numbers of state per row; may be 0.</summary>
    public int StateWidth { get; }

    /// <summary>Format of a number.</summary>
    public RowFormat Format { get; }

    /// <summary>Bits of a number.</summary>
    public int Bits { get; }

    /// <summary>One bit per number that says whether it is kept, or null when all are.</summary>
    public ulong* MaskWords { get; }

    /// <summary>Kept numbers before every block of bits.</summary>
    public uint* MaskCounts { get; }

    /// <summary>True when rows are fp32, all numbers side by side.</summary>
    public bool IsPlain => Format == RowFormat.Fp32 && MaskWords is null;

    /// <summary>A row.</summary>
    /// <param name="row">Row number; not checked. The table has no mask.</param>
    public byte* Row(long row) => Rows + (row * RowByteCount);

    /// <summary>The codes of a row.</summary>
    /// <param name="row">First byte of the row.</param>
    public byte* Codes(byte* row) => row + _headerByteCount;

    /// <summary>Scale and offset of a row of codes: number = offset + scale · code.</summary>
    /// <param name="row">First byte of the row.</param>
    public (float Scale, float Offset) ScaleOf(byte* row)
    {
        if (_scale == RowScale.Row)
            return ((float)Unsafe.ReadUnaligned<Half>(row), (float)Unsafe.ReadUnaligned<Half>(row + sizeof(ushort)));
        float step = _scale == RowScale.Fixed ? _step : Unsafe.ReadUnaligned<float>(row);
        return (step, -(1 << (Bits - 1)) * step);
    }
}
