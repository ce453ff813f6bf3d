using RecSys.Embeddings.Memory;

namespace RecSys.Training.Rows;

/// <summary>
/// Which rows of a table are in the slots of a cache. Rows that are asked for come in; the hand of a clock, which takes away one use of every slot
/// it passes, finds who makes way, so rows of many mini-batches stay. A row that this mini-batch or the one before it asked for is never moved out.
/// </summary>
/// <remarks>
/// Nicola, Dan and Dias, "Analysis of the Generalized Clock Buffer Replacement Scheme for Database Transaction Processing", 1992. Takes 4 bytes
/// for each row that was ever in a slot, by pages, and 17 for each slot. Not thread-safe.
/// </remarks>
internal sealed class CacheSlots : IDisposable
{
    private const byte MostUses = 3;

    // Of each row, its slot and 1; 0 for none.
    private readonly NativeBuffer<int> _slotOf;
    private readonly long[] _rowOf;
    private readonly long[] _lastAsked;
    private readonly byte[] _uses;
    private long _time;
    private int _hand;

    /// <summary>Creates empty slots.</summary>
    /// <param name="rowCount">Rows of the table.</param>
    /// <param name="count">Slots, ≥ 1.</param>
    public CacheSlots(long rowCount, int count)
    {
        _slotOf = new NativeBuffer<int>(rowCount);
        _rowOf = new long[count];
        _lastAsked = new long[count];
        _uses = new byte[count];
    }

    /// <summary>Slots that have a row: the first ones.</summary>
    public int Count { get; private set; }

    /// <summary>The row of each slot that has one.</summary>
    public ReadOnlySpan<long> Rows => _rowOf.AsSpan(0, Count);

    /// <summary>The slot of a row; −1 when it is in none.</summary>
    /// <param name="row">A row of the table.</param>
    public int Find(long row) => _slotOf.Span(row, 1)[0] - 1;

    /// <summary>Notes a use of rows, and gives slots to those without one as long as there are slots that may be emptied.</summary>
    /// <param name="rows">The distinct rows of a mini-batch.</param>
    /// <returns>What has to be moved.</returns>
    public CacheMoves Admit(ReadOnlySpan<long> rows)
    {
        var moves = new CacheMoves();
        foreach (long row in rows)
        {
            int slot = Find(row);
            if (slot < 0)
                continue;
            _uses[slot] = (byte)Math.Min(MostUses, _uses[slot] + 1);
            _lastAsked[slot] = _time + 1;
        }

        _time++;
        // After so many steps of the hand, no slot that may be emptied has uses left.
        long stepsLeft = (MostUses + 1L) * _rowOf.Length;
        foreach (long row in rows)
        {
            if (Find(row) >= 0)
                continue;
            int slot = Count < _rowOf.Length ? Count++ : Empty(moves, ref stepsLeft);
            if (slot < 0)
                break;
            _rowOf[slot] = row;
            _lastAsked[slot] = _time;
            _uses[slot] = 0;
            _slotOf.Span(row, 1)[0] = slot + 1;
            moves.InRows.Add(row);
            moves.InSlots.Add(slot);
        }

        return moves;
    }

    /// <summary>Empties all slots.</summary>
    public void Clear()
    {
        foreach (long row in Rows)
            _slotOf.Span(row, 1)[0] = 0;
        Count = 0;
    }

    /// <inheritdoc/>
    public void Dispose() => _slotOf.Dispose();

    private int Empty(CacheMoves moves, ref long stepsLeft)
    {
        for (; stepsLeft > 0; stepsLeft--)
        {
            int slot = _hand;
            _hand = slot + 1 < _rowOf.Length ? slot + 1 : 0;
            if (_lastAsked[slot] >= _time - 1)
                continue;
            if (_uses[slot] > 0)
            {
                _uses[slot]--;
                continue;
            }

            moves.OutRows.Add(_rowOf[slot]);
            moves.OutSlots.Add(slot);
            _slotOf.Span(_rowOf[slot], 1)[0] = 0;
            return slot;
        }

        return -1;
    }
}
