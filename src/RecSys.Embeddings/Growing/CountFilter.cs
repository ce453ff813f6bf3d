using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Growing;

/// <summary>
/// Admits an id at its c-th occurrence. Ids that wait stand in a ring: a new one takes the next place and makes whoever stands there,
/// the oldest, forgotten.
/// </summary>
internal sealed class CountFilter : AdmissionFilter
{
    private const string Prefix = "candidate_";
    private const string RingName = "candidate_ring";
    private const string CountsName = "candidate_counts";
    private readonly int _occurrences;
    private readonly IdIndex _index;
    private readonly NativeBuffer<int> _counts;
    private int _next;

    /// <summary>Creates an empty filter.</summary>
    /// <param name="occurrences">c, ≥ 1.</param>
    /// <param name="candidates">Places of the ring, ≥ 1.</param>
    /// <param name="seed">Seed of the hash function.</param>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public CountFilter(int occurrences, int candidates, ulong seed)
    {
        _occurrences = occurrences;
        _index = new IdIndex(candidates, seed);
        try
        {
            _counts = new NativeBuffer<int>(candidates);
        }
        catch
        {
            _index.Dispose();
            throw;
        }
    }

    private Span<int> Counts => _counts.Span(0, _index.Capacity);

    /// <summary>Bytes of a filter.</summary>
    public static long CountBytes(long candidates)
        => IdIndex.FindByteCount(candidates) + IdIndex.ChangeByteCount(candidates) + (candidates * sizeof(int));

    /// <inheritdoc/>
    public override void Prefetch(long id) => _index.Prefetch(id);

    /// <inheritdoc/>
    public override bool Admits(long id, int step)
    {
        if (_occurrences == 1)
            return true;
        int place = _index.Find(id);
        if (place < 0)
            place = Remember(id);

        // An id that a full table rejects goes on waiting; its count has nowhere to go.
        ref int count = ref Counts[place];
        count = Math.Min(count + 1, _occurrences);
        return count == _occurrences;
    }

    /// <inheritdoc/>
    public override void Forget(long id)
    {
        int place = _index.Find(id);
        if (place >= 0)
            _index.Remove(place);
    }

    /// <inheritdoc/>
    public override void Declare(SafetensorsWriter writer)
    {
        writer.Declare(RingName, "I64", 3);
        GrowingFile.DeclareIds(writer, Prefix, _index.Count);
        writer.Declare(CountsName, "I32", _index.Count);
    }

    /// <inheritdoc/>
    public override void Write(IDataWriter writer)
    {
        var places = _index.UsedSlots();
        writer.Write<long>([_next, ForgottenCount, _index.Count]);
        GrowingFile.WriteIds(writer, _index, places);
        GrowingFile.Write(writer, places, _counts);
    }

    /// <inheritdoc/>
    public override void Read(IDataReader reader)
    {
        foreach (long place in _index.UsedSlots())
            _index.Remove((int)place);
        Span<long> ring = stackalloc long[3];
        reader.Expect(RingName, "I64", ring.Length);
        reader.Read(ring);
        _next = GrowingFile.InRange(reader, RingName, ring[0], _index.Capacity);
        ForgottenCount = ring[1];
        int count = GrowingFile.InRange(reader, RingName, ring[2], _index.Capacity + 1L);
        var places = GrowingFile.ReadIds(reader, Prefix, count, _index);
        reader.Expect(CountsName, "I32", count);
        GrowingFile.Read(reader, places, _counts);
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        _index.Dispose();
        _counts.Dispose();
    }

    private int Remember(long id)
    {
        int place = _next;
        _next = place + 1 < _index.Capacity ? place + 1 : 0;
        if (_index.IsUsed(place))
        {
            _index.Remove(place);
            ForgottenCount++;
        }

        _index.Add(id, place);
        Counts[place] = 0;
        return place;
    }
}
