using System.Runtime.InteropServices;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Requests;

/// <summary>Rows as they are kept and their states, between a table and a block of a request or an answer.</summary>
internal static class RawRowCopy
{
    /// <summary>Reads rows.</summary>
    /// <param name="table">The table, or a part of it.</param>
    /// <param name="rows">Rows of it.</param>
    /// <param name="block">Receives the rows, fp32 where the table has a mask, and then the states.</param>
    /// <param name="statesAt">Where the states begin.</param>
    public static void Export(RowTable table, ReadOnlySpan<long> rows, Span<byte> block, int statesAt)
    {
        var states = MemoryMarshal.Cast<byte, float>(block[statesAt..]);
        bool isWhole = table.Spec.Mask is null;
        int byteCount = table.Spec.RowByteCount;
        if (!isWhole)
            table.Gather(rows, MemoryMarshal.Cast<byte, float>(block[..statesAt]));
        for (int i = 0; i < rows.Length; i++)
        {
            if (isWhole)
                table.RowBytes(rows[i]).CopyTo(block[(i * byteCount)..]);
            table.State(rows[i]).CopyTo(states[(i * table.StateWidth)..]);
        }

        if (isWhole)
            block[(rows.Length * byteCount)..statesAt].Clear();
    }

    /// <summary>Puts rows and their states into place.</summary>
    /// <param name="table">The table, or a part of it.</param>
    /// <param name="rows">Rows of it.</param>
    /// <param name="raw">What <see cref="Export"/> has read.</param>
    public static void Import(RowTable table, ReadOnlySpan<long> rows, ShardRequest.RawRows raw)
    {
        bool isWhole = table.Spec.Mask is null;
        int byteCount = table.Spec.RowByteCount;
        int width = table.Spec.Width;
        for (int i = 0; i < rows.Length; i++)
        {
            if (isWhole)
                raw.Rows.Slice(i * byteCount, byteCount).CopyTo(table.RowBytes(rows[i]));
            else
                table.WriteRow(rows[i], MemoryMarshal.Cast<byte, float>(raw.Rows).Slice(i * width, width));
            raw.States.Slice(i * table.StateWidth, table.StateWidth).CopyTo(table.State(rows[i]));
        }
    }
}
