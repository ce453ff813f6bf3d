using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>The largest numbers of several tables, by size: what pruning keeps.</summary>
internal static class Magnitudes
{
    // The size of a float grows with its bits without the sign: 15 bits at a time, then the 16 others.
    private const int LowBits = 16;
    private const uint SizeMask = 0x7FFFFFFF;

    /// <summary>
    /// One bit per number of each table: exactly <paramref name="count"/> of them are 1, those of the largest numbers. Of numbers of
    /// the same size the first ones are kept, table after table.
    /// </summary>
    /// <param name="tables">Tables of plain fp32.</param>
    /// <param name="count">Numbers to keep, at most all.</param>
    public static PackedArray[] Largest(IReadOnlyList<RowTable> tables, long count)
    {
        var (threshold, ties) = Threshold(tables, count);
        return [.. tables.Select(table =>
        {
            var kept = new PackedArray(table.Spec.RowCount * table.Spec.Width, bits: 1);
            long place = 0;
            for (long row = 0; row < table.Spec.RowCount; row++)
            {
                foreach (float value in table.Row(row))
                {
                    uint size = BitConverter.SingleToUInt32Bits(value) & SizeMask;
                    if (size > threshold || (size == threshold && ties-- > 0))
                        kept[place] = 1;
                    place++;
                }
            }

            return kept;
        })];
    }

    /// <summary>Sets all but the largest numbers to zero.</summary>
    /// <param name="tables">Tables of plain fp32.</param>
    /// <param name="count">Numbers to keep; more where several have the size of the smallest one kept.</param>
    public static void Prune(IReadOnlyList<RowTable> tables, long count)
    {
        uint threshold = Threshold(tables, count).Size;
        foreach (RowTable table in tables)
        {
            Parallel.For(0, table.Spec.RowCount, row =>
            {
                foreach (ref float value in table.Row(row))
                {
                    if ((BitConverter.SingleToUInt32Bits(value) & SizeMask) < threshold)
                        value = 0;
                }
            });
        }
    }

    // The size of the count-th largest number, and how many of this size belong to the count largest.
    private static (uint Size, long Ties) Threshold(IReadOnlyList<RowTable> tables, long count)
    {
        if (count <= 0)
            return (uint.MaxValue, 0);
        var (high, left) = Bin(Histogram(tables, size => (int)(size >> LowBits), 1 << (31 - LowBits)), count);
        var (low, ties) = Bin(Histogram(tables, size => size >> LowBits == high ? (int)(size & ((1 << LowBits) - 1)) : -1, 1 << LowBits), left);
        return ((high << LowBits) | low, ties);
    }

    // The bin in which the count-th largest number lies, and its rank in it.
    private static (uint Bin, long Rank) Bin(long[] histogram, long count)
    {
        int bin = histogram.Length - 1;
        for (; bin > 0 && histogram[bin] < count; bin--)
            count -= histogram[bin];
        return ((uint)bin, count);
    }

    private static long[] Histogram(IReadOnlyList<RowTable> tables, Func<uint, int> binOf, int bins)
    {
        var histogram = new long[bins];
        foreach (RowTable table in tables)
        {
            for (long row = 0; row < table.Spec.RowCount; row++)
            {
                foreach (float value in table.Row(row))
                {
                    int bin = binOf(BitConverter.SingleToUInt32Bits(value) & SizeMask);
                    if (bin >= 0)
                        histogram[bin]++;
                }
            }
        }

        return histogram;
    }
}
