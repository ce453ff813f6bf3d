using RecSys.Embeddings.Growing;

namespace RecSys.Embeddings.Tests.Growing;

/// <summary>The definition of a slot map with plain collections: no hashing, no shortcuts. Only the slots drawn for an eviction are the
/// map's own.</summary>
internal sealed class SlotMapModel(int capacity, GrowingOptions options, Func<long, bool> admits, Func<long, int, int> sample)
{
    private readonly Row?[] _rows = new Row?[capacity];
    private readonly Dictionary<long, int> _slots = [];
    private int _step;
    private long _now;
    private int _hand;

    public GrowingCounters Counters { get; private set; }

    public int Count => _slots.Count;

    public void BeginStep(long now) => (_step, _now) = (_step + 1, now);

    public long[] Find(long[] ids) => [.. ids.Select(id => (long)_slots.GetValueOrDefault(id, -1))];

    public long[] Resolve(long[] ids)
    {
        GrowingCounters counters = Counters;
        foreach (long id in ids.Where(_slots.ContainsKey))
            Use(id);
        bool[] hadRow = [.. ids.Select(_slots.ContainsKey)];
        bool[] mustWait = new bool[ids.Length];
        for (int i = 0; i < ids.Length; i++)
        {
            if (hadRow[i])
                counters.Found++;
            else if (_slots.ContainsKey(ids[i]))
                (counters.Found, _) = (counters.Found + 1, Use(ids[i]));
            else if (!admits(ids[i]))
                mustWait[i] = true;
            else if (TakeSlot(ref counters) is >= 0 and var slot)
                (counters.Admitted, _rows[slot], _slots[ids[i]]) = (counters.Admitted + 1, new Row { Id = ids[i], Score = 1, Step = _step, Time = _now }, slot);
            else
                counters.RejectedFull++;
        }

        for (int i = 0; i < ids.Length; i++)
        {
            if (mustWait[i] && _slots.ContainsKey(ids[i]))
                (counters.Found, _) = (counters.Found + 1, Use(ids[i]));
            else if (mustWait[i])
                counters.NotYetAdmitted++;
        }

        Counters = counters;
        return Find(ids);
    }

    public long[] EvictExpired()
    {
        GrowingCounters counters = Counters;
        int[] expired = [.. Enumerable.Range(0, capacity).Where(slot => _rows[slot] is { } row && IsExpired(row) && IsEvictable(row))];
        long[] ids = [.. expired.Select(slot => _rows[slot]!.Id)];
        foreach (int slot in expired)
            Evict(slot);
        counters.Expired += ids.Length;
        Counters = counters;
        return ids;
    }

    private Row Use(long id)
    {
        Row row = _rows[_slots[id]]!;
        row.Score = Score(row) + 1;
        row.Step = _step;
        row.Time = _now;
        return row;
    }

    private int TakeSlot(ref GrowingCounters counters)
    {
        int slot = NextFrom(row => row is null);
        if (slot >= 0)
            return slot;
        slot = NextFrom(row => IsExpired(row!) && IsEvictable(row!));
        if (slot >= 0)
        {
            counters.Expired++;
            return Evict(slot);
        }

        if (options.Eviction.Order == EvictionOrder.None || !_rows.Any(row => IsEvictable(row!)))
            return -1;
        long displaced = counters.Displaced;
        int[] drawn = [.. Enumerable.Range(0, SlotMap.SampleCount).Select(i => sample(displaced, i)).Where(s => IsEvictable(_rows[s]!))];
        slot = drawn.Length > 0 ? drawn.MinBy(s => Rank(_rows[s]!)) : NextFrom(row => IsEvictable(row!));
        counters.Displaced++;
        return Evict(slot);
    }

    // The first slot from the hand on, in a circle; the hand then stands behind it.
    private int NextFrom(Predicate<Row?> wanted)
    {
        for (int i = 0; i < capacity; i++)
        {
            int slot = (_hand + i) % capacity;
            if (!wanted(_rows[slot]))
                continue;
            _hand = (slot + 1) % capacity;
            return slot;
        }

        return -1;
    }

    private int Evict(int slot)
    {
        _slots.Remove(_rows[slot]!.Id);
        _rows[slot] = null;
        return slot;
    }

    private bool IsEvictable(Row row) => row.Step < _step - options.StepsAhead;

    private bool IsExpired(Row row) => options.TimeToLive is { } timeToLive && _now - row.Time > timeToLive;

    private (float Score, int Step) Rank(Row row)
        => (options.Eviction.Order == EvictionOrder.LeastRecentlyUsed ? 0 : Score(row), row.Step);

    private float Score(Row row) => (float)(row.Score * Math.Pow(options.Eviction.Decay, _now - row.Time));

    private sealed class Row
    {
        public required long Id { get; init; }

        public required float Score { get; set; }

        public required int Step { get; set; }

        public required long Time { get; set; }
    }
}
