namespace RecSys.Cluster.Client;

/// <summary>Rows that were read lately, up to a number of bytes; frequent rows stay longest. Thread-safe.</summary>
/// <remarks>
/// The rows of a width share their room. A row that is needed for another goes by CLOCK with counters (Smith, "Sequentiality and prefetching in
/// database systems", ACM TODS 1978; known as GCLOCK): every use counts up to 3, a hand passes over the rows, counts down, and takes
/// the first at 0. A row comes in at 0, so rows that are used once push out each other.
/// </remarks>
internal sealed class RowCache
{
    // A key and its uses; and in a dictionary, which may be half empty, a bucket of 4 bytes and an entry of 32.
    private const int IndexByteCount = 16 + 1 + (2 * 36);
    private const int StripeCount = 16;

    private readonly Stripe[]?[] _stripes;
    private long _version;
    private long _hits;
    private long _misses;

    /// <summary>Creates a cache.</summary>
    /// <param name="model">The tables.</param>
    /// <param name="byteCount">Bytes of rows and index at most; widths get shares by the bytes of their tables.</param>
    public RowCache(ShardedModel model, long byteCount)
    {
        _stripes = new Stripe[]?[model.Tables.Count];
        double all = model.Tables.Sum(t => (double)t.RowCount * t.Width);
        foreach (var tables in model.Tables.Select((t, i) => (Spec: t, Index: i)).GroupBy(t => t.Spec.Width))
        {
            double share = tables.Sum(t => (double)t.Spec.RowCount * t.Spec.Width) / all;
            long capacity = Math.Min((long)(byteCount * share / (StripeCount * ((tables.Key * sizeof(float)) + IndexByteCount))), tables.Sum(t => t.Spec.RowCount) / StripeCount + 1);
            if (capacity == 0)
                continue;
            Stripe[] stripes = [.. Enumerable.Range(0, StripeCount).Select(_ => new Stripe(checked((int)capacity), tables.Key))];
            foreach (var table in tables)
                _stripes[table.Index] = stripes;
        }
    }

    /// <summary>Changes whenever rows are forgotten: what was read before must not come in after.</summary>
    public long Version => Interlocked.Read(ref _version);

    /// <summary>Rows that were here when they were asked for.</summary>
    public long Hits => Interlocked.Read(ref _hits);

    /// <summary>Rows that were not.</summary>
    public long Misses => Interlocked.Read(ref _misses);

    /// <summary>Reads the rows that are here.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="rows">Rows of the whole table.</param>
    /// <param name="values">Receives [rows × width].</param>
    /// <param name="missing">Receives the positions of the others.</param>
    public void Read(int table, ReadOnlySpan<long> rows, Span<float> values, List<int> missing)
    {
        int before = missing.Count;
        int width = rows.IsEmpty ? 0 : values.Length / rows.Length;
        for (int i = 0; i < rows.Length; i++)
        {
            var stripe = StripeOf(table, rows[i]);
            if (stripe is null || !stripe.TryRead((table, rows[i]), values.Slice(i * width, width)))
                missing.Add(i);
        }

        Interlocked.Add(ref _hits, rows.Length - (missing.Count - before));
        Interlocked.Add(ref _misses, missing.Count - before);
    }

    /// <summary>Takes a row in.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="row">Row of the whole table.</param>
    /// <param name="values">Its numbers.</param>
    /// <param name="version"><see cref="Version"/> before they were read; a row that may have been forgotten since does not come in.</param>
    public void Add(int table, long row, ReadOnlySpan<float> values, long version)
    {
        if (StripeOf(table, row) is { } stripe)
            stripe.Add((table, row), values, this, version);
    }

    /// <summary>Forgets rows.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="rows">Rows of the whole table.</param>
    public void Remove(int table, IEnumerable<long> rows)
    {
        Interlocked.Increment(ref _version);
        foreach (long row in rows)
            StripeOf(table, row)?.Remove((table, row));
    }

    /// <summary>Forgets the rows of a bucket.</summary>
    /// <param name="model">The tables.</param>
    /// <param name="bucket">Number of the bucket.</param>
    public void RemoveBucket(ShardedModel model, int bucket)
    {
        Interlocked.Increment(ref _version);
        foreach (var stripe in Stripes)
            stripe.RemoveWhere(key => model.BucketsOf(key.Table).BucketOf(key.Row) == bucket);
    }

    /// <summary>Forgets all rows.</summary>
    public void Clear()
    {
        Interlocked.Increment(ref _version);
        foreach (var stripe in Stripes)
            stripe.RemoveWhere(_ => true);
    }

    private IEnumerable<Stripe> Stripes => _stripes.OfType<Stripe[]>().Distinct().SelectMany(s => s);

    private Stripe? StripeOf(int table, long row) => _stripes[table]?[(int)((ulong)row % StripeCount)];

    private sealed class Stripe(int capacity, int width)
    {
        private const byte MostUses = 3;
        private readonly Lock _lock = new();
        private readonly Dictionary<(int Table, long Row), int> _slots = [];
        private (int Table, long Row)[] _keys = [];
        private float[] _values = [];
        private byte[] _uses = [];
        private readonly Stack<int> _free = [];
        private int _count;
        private int _hand;

        public bool TryRead((int Table, long Row) key, Span<float> values)
        {
            lock (_lock)
            {
                if (!_slots.TryGetValue(key, out int slot))
                    return false;
                _uses[slot] = (byte)Math.Min(MostUses, _uses[slot] + 1);
                ValuesOf(slot).CopyTo(values);
                return true;
            }
        }

        public void Add((int Table, long Row) key, ReadOnlySpan<float> values, RowCache cache, long version)
        {
            lock (_lock)
            {
                // Whoever forgets rows counts first and then comes here, so either this sees the count or that finds the row.
                if (cache.Version != version || _slots.ContainsKey(key))
                    return;
                int slot = TakeSlot();
                _slots[key] = slot;
                _keys[slot] = key;
                _uses[slot] = 0;
                values.CopyTo(ValuesOf(slot));
            }
        }

        public void Remove((int Table, long Row) key)
        {
            lock (_lock)
            {
                if (_slots.Remove(key, out int slot))
                    _free.Push(slot);
            }
        }

        public void RemoveWhere(Predicate<(int Table, long Row)> match)
        {
            lock (_lock)
            {
                foreach ((var key, int slot) in _slots)
                {
                    if (!match(key))
                        continue;
                    _slots.Remove(key);
                    _free.Push(slot);
                }
            }
        }

        private Span<float> ValuesOf(int slot) => _values.AsSpan(slot * width, width);

        private int TakeSlot()
        {
            if (_free.TryPop(out int slot))
                return slot;
            if (_count < capacity)
            {
                if (_count == _keys.Length)
                    Grow(Math.Min(capacity, Math.Max(64, 2 * _count)));
                return _count++;
            }

            while (_uses[_hand] > 0)
            {
                _uses[_hand]--;
                Advance();
            }

            slot = _hand;
            Advance();
            _slots.Remove(_keys[slot]);
            return slot;
        }

        private void Advance() => _hand = _hand + 1 == capacity ? 0 : _hand + 1;

        private void Grow(int length)
        {
            Array.Resize(ref _keys, length);
            Array.Resize(ref _uses, length);
            Array.Resize(ref _values, checked(length * width));
        }
    }
}
