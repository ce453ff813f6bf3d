using System.Buffers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Kernels;

/// <summary>Copies whole tables between places and precisions.</summary>
internal static unsafe class RowCopy
{
    // Rows of one job.
    private const int BlockRows = 1024;

    /// <summary>Copies all rows: their bytes where both tables keep them alike, else decoded and rounded to the nearest.</summary>
    /// <param name="source">Where the rows are.</param>
    /// <param name="spec">Their shape and precision.</param>
    /// <param name="target">As many rows of the same width.</param>
    /// <exception cref="ArgumentException">The tables have different shapes or masks.</exception>
    public static void Run(TableMemory source, TableSpec spec, RowTable target)
    {
        TableSpec other = target.Spec;
        if ((spec.RowCount, spec.Width, spec.Mask?.Count) != (other.RowCount, other.Width, other.Mask?.Count))
            throw new ArgumentException($"Table '{spec.Name}' is {Shape(spec)} and cannot be copied to '{other.Name}', which is {Shape(other)}.", nameof(target));
        if (spec.Mask is not null || spec.Precision.KeepsAs(other.Precision))
            Buffer.MemoryCopy(source.Rows, target.Rows.Pointer, target.Rows.ByteCount, spec.ByteCount);
        else
            Parallel.For(0, (spec.RowCount + BlockRows - 1) / BlockRows, block => Recode(source, block * BlockRows, target));
    }

    private static void Recode(in TableMemory source, long first, RowTable target)
    {
        int count = (int)Math.Min(BlockRows, source.RowCount - first);
        int width = source.Width;
        float[] values = ArrayPool<float>.Shared.Rent(count * width);
        long[] rows = ArrayPool<long>.Shared.Rent(count);
        for (int i = 0; i < count; i++)
            rows[i] = first + i;
        EmbeddingKernels.Gather(source, rows.AsSpan(0, count), values.AsSpan(0, count * width));
        for (int i = 0; i < count; i++)
            target.WriteRow(first + i, values.AsSpan(i * width, width));
        ArrayPool<long>.Shared.Return(rows);
        ArrayPool<float>.Shared.Return(values);
    }

    private static string Shape(TableSpec spec)
        => FormattableString.Invariant($"[{spec.RowCount} × {spec.Width}]{(spec.Mask is null ? "" : FormattableString.Invariant($" with {spec.Mask.Count} numbers kept"))}");
}
