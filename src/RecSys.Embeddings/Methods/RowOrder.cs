using System.Numerics.Tensors;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>The rows of several tables by how far the sum of the sizes of their numbers is above the threshold of their table, farthest first.</summary>
/// <remarks>16 bytes per row while it lives. Immutable and thread-safe.</remarks>
internal sealed class RowOrder
{
    private readonly long[] _starts;
    private readonly float[] _distances;
    private readonly long[] _rows;
    private readonly int[] _tables;

    /// <summary>Sorts the rows.</summary>
    /// <param name="tables">Tables of any precision.</param>
    /// <param name="thresholds">One per table.</param>
    public RowOrder(IReadOnlyList<RowTable> tables, IReadOnlyList<float> thresholds)
    {
        _starts = new long[tables.Count + 1];
        for (int t = 0; t < tables.Count; t++)
            _starts[t + 1] = _starts[t] + tables[t].Spec.RowCount;
        _distances = new float[_starts[^1]];
        _rows = new long[_starts[^1]];
        float[] row = new float[tables[0].Spec.Width];
        for (int t = 0; t < tables.Count; t++)
        {
            for (long r = 0; r < tables[t].Spec.RowCount; r++)
            {
                tables[t].ReadRow(r, row);
                _distances[_starts[t] + r] = thresholds[t] - TensorPrimitives.SumOfMagnitudes<float>(row);
                _rows[_starts[t] + r] = _starts[t] + r;
            }
        }

        Array.Sort(_distances, _rows);
        _tables = [.. _rows.Select(TableOf)];
    }

    /// <summary>As many rows as there is room for.</summary>
    /// <param name="rowBytes">Bytes of a row of each table.</param>
    /// <param name="byteCount">Bytes for all of them.</param>
    /// <returns>Null if there is not room for one.</returns>
    public KeptRows? Keep(IReadOnlyList<long> rowBytes, long byteCount)
    {
        long count = 0;
        for (; count < _rows.Length; count++)
        {
            byteCount -= rowBytes[_tables[count]];
            if (byteCount < 0)
                break;
        }

        if (count == 0)
            return null;
        return new KeptRows(count, count == _rows.Length ? float.NegativeInfinity : -_distances[count]);
    }

    /// <summary>One bit per row of each table, 1 for the first ones of the order; null for a table of which all rows are among them.</summary>
    /// <param name="count">Number of rows.</param>
    public PackedArray?[] Masks(long count)
    {
        var masks = new PackedArray?[_starts.Length - 1];
        foreach (int t in _tables.Skip((int)count).Distinct())
            masks[t] = new PackedArray(_starts[t + 1] - _starts[t], bits: 1);
        for (long place = 0; place < count; place++)
        {
            int t = _tables[place];
            if (masks[t] is { } mask)
                mask[_rows[place] - _starts[t]] = 1;
        }

        return masks;
    }

    private int TableOf(long row)
    {
        int found = Array.BinarySearch(_starts, row);
        return found < 0 ? ~found - 1 : found;
    }
}
