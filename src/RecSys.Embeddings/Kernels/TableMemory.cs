using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Kernels;

/// <summary>Where a table's rows and their optimiser state lie. It owns nothing: the memory has to outlive it.</summary>
internal readonly unsafe struct TableMemory
{
    /// <summary>A table in native memory.</summary>
    /// <param name="values">[row count × width].</param>
    /// <param name="states">[row count × state width].</param>
    /// <param name="rowCount">Rows, ≥ 1.</param>
    public TableMemory(NativeBuffer<float> values, NativeBuffer<float> states, long rowCount)
    {
        Values = values.Pointer;
        States = states.Pointer;
        RowCount = rowCount;
        Width = (int)(values.Length / rowCount);
        StateWidth = (int)(states.Length / rowCount);
    }

    /// <summary>A table in a mapped file; it has no state and must not be written.</summary>
    /// <param name="file">The file.</param>
    /// <param name="entry">F32 tensor of the file, [row count × width].</param>
    public TableMemory(SafetensorsFile file, SafetensorsEntry entry)
    {
        Values = (float*)file.Pointer(entry);
        RowCount = entry.Shape[0];
        Width = (int)entry.Shape[1];
    }

    /// <summary>First number of the first row.</summary>
    public float* Values { get; }

    /// <summary>First number of the first row's state.</summary>
    public float* States { get; }

    /// <summary>Rows.</summary>
    public long RowCount { get; }

    /// <summary>Numbers per row.</summary>
    public int Width { get; }

    /// <summary>Numbers of state per row; may be 0.</summary>
    public int StateWidth { get; }
}
