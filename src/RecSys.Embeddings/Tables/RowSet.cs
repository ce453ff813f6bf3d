using System.Numerics;

namespace RecSys.Embeddings.Tables;

/// <summary>Some rows of a table: a bit per row. Not thread-safe.</summary>
/// <param name="rowCount">Rows of the table.</param>
internal sealed class RowSet(long rowCount)
{
    private readonly ulong[] _bits = new ulong[(rowCount + 63) / 64];

    /// <summary>Bytes of the set.</summary>
    public long ByteCount => _bits.LongLength * sizeof(ulong);

    /// <summary>Whether it has no row.</summary>
    public bool IsEmpty => !_bits.AsSpan().ContainsAnyExcept(0UL);

    /// <summary>Number of rows in it.</summary>
    public long Count
    {
        get
        {
            long count = 0;
            foreach (ulong word in _bits)
                count += BitOperations.PopCount(word);
            return count;
        }
    }

    /// <summary>Adds a row.</summary>
    /// <param name="row">Row number, 0 ≤ row &lt; row count.</param>
    public void Add(long row) => _bits[row >> 6] |= 1UL << (int)(row & 63);

    /// <summary>Adds rows.</summary>
    /// <param name="rows">Row numbers, each 0 ≤ row &lt; row count.</param>
    public void Add(ReadOnlySpan<long> rows)
    {
        foreach (long row in rows)
            Add(row);
    }

    /// <summary>Adds all rows of the table.</summary>
    public void AddAll()
    {
        Array.Fill(_bits, ulong.MaxValue);
        if (rowCount % 64 != 0)
            _bits[^1] = (1UL << (int)(rowCount % 64)) - 1;
    }

    /// <summary>Removes all rows.</summary>
    public void Clear() => Array.Clear(_bits);

    /// <summary>The rows, ascending.</summary>
    public long[] ToArray()
    {
        long[] rows = new long[Count];
        int next = 0;
        foreach (long row in this)
            rows[next++] = row;
        return rows;
    }

    /// <summary>Goes through the rows, ascending.</summary>
    public Enumerator GetEnumerator() => new(_bits);

    /// <summary>Goes through the rows of a set that does not change meanwhile.</summary>
    /// <param name="bits">The set.</param>
    public struct Enumerator(ulong[] bits)
    {
        private long _word = -1;
        private ulong _left;

        /// <summary>The row.</summary>
        public readonly long Current => (_word << 6) + BitOperations.TrailingZeroCount(_left);

        /// <summary>Goes to the next row, or says that there is none.</summary>
        public bool MoveNext()
        {
            _left &= _left - 1;
            while (_left == 0)
            {
                if (++_word >= bits.LongLength)
                    return false;
                _left = bits[_word];
            }

            return true;
        }
    }
}
