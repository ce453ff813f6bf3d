using System.Runtime.InteropServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Growing;

/// <summary>
/// Gives 64-bit ids slots in [0, capacity), by the policies of a growing table. Any id is valid. All memory is reserved at creation,
/// and all slots can be in use.
/// </summary>
/// <remarks>
/// <para>One thread changes the map. <see cref="Find(ReadOnlySpan{long}, Span{long})"/> may run on several threads at once, while
/// nobody changes it.</para>
/// <para>Equal calls on maps of equal seed and options give equal slots.</para>
/// </remarks>
public sealed partial class SlotMap : IDisposable
{
    private readonly GrowingOptions _options;
    private readonly IdIndex _index;
    private readonly AdmissionFilter _filter;

    // Per slot: step and clock of the last use, count of uses or score. Of length 0 when no policy reads them.
    private readonly NativeBuffer<int> _steps;
    private readonly NativeBuffer<long> _times;
    private readonly NativeBuffer<float> _scores;

    // Per block of slots a time no later than that of any of its rows in a full table.
    private readonly NativeBuffer<long> _oldestTimes;
    private readonly List<SlotId> _admitted = [];
    private readonly List<SlotId> _evicted = [];
    private readonly ulong _sampleSalt;
    private GrowingCounters _counters;
    private long _reads;
    private long _defaultReads;

    /// <summary>Creates an empty map.</summary>
    /// <param name="capacity">Slots, 1 … 2^30.</param>
    /// <param name="options">Policies.</param>
    /// <param name="seed">Seed of the hash functions and of draws.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="capacity"/> is out of range.</exception>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public SlotMap(long capacity, GrowingOptions options, ulong seed)
    {
        if (capacity is < 1 or > IdIndex.LargestCapacity)
            throw new ArgumentOutOfRangeException(nameof(capacity), capacity, $"A growing table has 1 … {IdIndex.LargestCapacity} rows.");
        _options = options;
        _sampleSalt = RowHash.Mix(seed + 1);
        List<IDisposable> parts = [];
        try
        {
            _index = Kept(new IdIndex((int)capacity, RowHash.Mix(seed)));
            _steps = Kept(new NativeBuffer<int>(options.Evicts ? capacity : 0));
            _times = Kept(new NativeBuffer<long>(options.KeepsTime ? capacity : 0));
            _scores = Kept(new NativeBuffer<float>(options.KeepsScore ? capacity : 0));
            _oldestTimes = Kept(new NativeBuffer<long>(options.TimeToLive is null ? 0 : BlockCount(capacity)));
            _filter = options.Admission.CreateFilter(RowHash.Mix(seed + 2));
        }
        catch
        {
            parts.ForEach(p => p.Dispose());
            throw;
        }

        T Kept<T>(T part)
            where T : IDisposable
        {
            parts.Add(part);
            return part;
        }
    }

    /// <summary>Number of slots.</summary>
    public int Capacity => _index.Capacity;

    /// <summary>Slots in use.</summary>
    public int Count => _index.Count;

    /// <summary>Number of the current step; 0 before the first.</summary>
    public int Step { get; private set; }

    /// <summary>The clock of the current step.</summary>
    public long Now { get; private set; }

    /// <summary>What happened since the map was created. Not to be read while another thread changes the map.</summary>
    public GrowingCounters Counters => _counters with
    {
        Forgotten = _filter.ForgottenCount,
        Reads = Interlocked.Read(ref _reads),
        DefaultReads = Interlocked.Read(ref _defaultReads),
    };

    /// <summary>Ids that the last <see cref="Resolve"/> gave a slot, in order; their rows have to begin anew.</summary>
    public ReadOnlySpan<SlotId> Admitted => CollectionsMarshal.AsSpan(_admitted);

    /// <summary>Ids that the last <see cref="Resolve"/> or <see cref="EvictExpired"/> took their slot from, in order.</summary>
    public ReadOnlySpan<SlotId> Evicted => CollectionsMarshal.AsSpan(_evicted);

    /// <summary>Bytes of the index: what finding needs.</summary>
    /// <param name="capacity">Slots.</param>
    public static long CountIndexBytes(long capacity) => IdIndex.FindByteCount(capacity);

    /// <summary>Bytes of everything else.</summary>
    /// <param name="capacity">Slots.</param>
    /// <param name="options">Policies.</param>
    public static long CountPolicyBytes(long capacity, GrowingOptions options)
        => IdIndex.ChangeByteCount(capacity)
            + (options.Evicts ? capacity * sizeof(int) : 0)
            + (options.KeepsTime ? capacity * sizeof(long) : 0)
            + (options.KeepsScore ? capacity * sizeof(float) : 0)
            + (options.TimeToLive is null ? 0 : BlockCount(capacity) * sizeof(long))
            + options.Admission.ByteCount;

    /// <summary>Starts a step, the unit of pins and of admission by probability, with its number as the clock.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The clock was later already.</exception>
    /// <exception cref="OverflowException">2^31 − 1 steps were made.</exception>
    public void BeginStep() => BeginStep(Step + 1L);

    /// <summary>Starts a step.</summary>
    /// <param name="now">The clock of time to live and scores, in any unit; ≥ 0, and it never goes back.</param>
    /// <exception cref="ArgumentOutOfRangeException">The clock goes back.</exception>
    /// <exception cref="OverflowException">2^31 − 1 steps were made.</exception>
    public void BeginStep(long now)
    {
        if (now < Now)
            throw new ArgumentOutOfRangeException(nameof(now), now, $"The clock was at {Now} already; it never goes back.");
        Step = checked(Step + 1);
        Now = now;
    }

    /// <summary>Slots of ids; changes nothing but the counts of reads.</summary>
    /// <param name="ids">Ids.</param>
    /// <param name="slots">Receives one slot per id, −1 for an id without.</param>
    /// <exception cref="ArgumentException"><paramref name="slots"/> is shorter than <paramref name="ids"/>.</exception>
    public void Find(ReadOnlySpan<long> ids, Span<long> slots)
    {
        slots = Checked(ids, slots);
        Locate(ids, slots);
        Interlocked.Add(ref _reads, ids.Length);
        Interlocked.Add(ref _defaultReads, slots.Count(-1L));
    }

    /// <summary>Slots of ids, −1 for an id without; not even the counts of reads change.</summary>
    /// <param name="ids">Ids.</param>
    /// <param name="slots">Receives one slot per id; as long.</param>
    internal void Locate(ReadOnlySpan<long> ids, Span<long> slots) => _index.Find(ids, slots);

    /// <summary>
    /// Slots of the ids of a mini-batch, or of a part of it; new ids that the policies admit get one. Rows used in the current step are
    /// pinned: no id of the call takes a slot from another, in whatever order they come.
    /// </summary>
    /// <param name="ids">Ids. Each duplicate counts as an occurrence, and all get the same slot.</param>
    /// <param name="slots">Receives one slot per id, −1 for an id that has to wait or was rejected.</param>
    /// <exception cref="ArgumentException"><paramref name="slots"/> is shorter than <paramref name="ids"/>; nothing has been changed.</exception>
    public void Resolve(ReadOnlySpan<long> ids, Span<long> slots)
    {
        slots = Checked(ids, slots);
        _admitted.Clear();
        _evicted.Clear();
        _index.Find(ids, slots);
        int found = TouchAll(slots);
        _counters.Found += found;
        if (found < ids.Length && AdmitMissing(ids, slots) && _admitted.Count > 0)
            FindAdmittedLater(ids, slots);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _index.Dispose();
        _steps.Dispose();
        _times.Dispose();
        _scores.Dispose();
        _oldestTimes.Dispose();
        _filter.Dispose();
    }

    private static long BlockCount(long capacity) => (capacity + BlockLength - 1) / BlockLength;

    private static Span<T> All<T>(NativeBuffer<T> buffer)
        where T : unmanaged => buffer.Span(0, (int)buffer.Length);

    private static Span<long> Checked(ReadOnlySpan<long> ids, Span<long> slots)
        => slots.Length >= ids.Length
            ? slots[..ids.Length]
            : throw new ArgumentException($"There is room for {slots.Length} slots, but {ids.Length} ids were given.", nameof(slots));

    private int TouchAll(ReadOnlySpan<long> slots)
    {
        Span<int> steps = All(_steps);
        Span<long> times = All(_times);
        Span<float> scores = All(_scores);
        int found = 0;
        for (int i = 0; i < slots.Length; i++)
        {
            if (i + IdIndex.PrefetchDistance < slots.Length && slots[i + IdIndex.PrefetchDistance] is >= 0 and var next)
                PrefetchUse(steps, times, scores, (int)next);
            if (slots[i] < 0)
                continue;
            Touch(steps, times, scores, (int)slots[i]);
            found++;
        }

        return found;
    }

    private static void PrefetchUse(Span<int> steps, Span<long> times, Span<float> scores, int slot)
    {
        if (!steps.IsEmpty)
            EmbeddingKernels.Prefetch(ref steps[slot]);
        if (!times.IsEmpty)
            EmbeddingKernels.Prefetch(ref times[slot]);
        if (!scores.IsEmpty)
            EmbeddingKernels.Prefetch(ref scores[slot]);
    }

    private void Touch(int slot) => Touch(All(_steps), All(_times), All(_scores), slot);

    private void Touch(Span<int> steps, Span<long> times, Span<float> scores, int slot)
    {
        // The score looks at the time of the last use.
        if (!scores.IsEmpty)
            scores[slot] = ScoreNow(times, scores, slot) + 1;
        if (!steps.IsEmpty)
            steps[slot] = Step;
        if (!times.IsEmpty)
            times[slot] = Now;
    }

    // Returns whether an id has to wait.
    private bool AdmitMissing(ReadOnlySpan<long> ids, Span<long> slots)
    {
        long waiting = _counters.NotYetAdmitted;
        for (int i = 0; i < ids.Length; i++)
        {
            if (i + IdIndex.PrefetchDistance < ids.Length && slots[i + IdIndex.PrefetchDistance] < 0)
            {
                _index.Prefetch(ids[i + IdIndex.PrefetchDistance]);
                _filter.Prefetch(ids[i + IdIndex.PrefetchDistance]);
            }

            if (slots[i] < 0)
                slots[i] = FindOrAdmit(ids[i]);
        }

        return _counters.NotYetAdmitted > waiting;
    }

    private int FindOrAdmit(long id)
    {
        // An earlier occurrence in the same call may have been admitted.
        int slot = _admitted.Count > 0 ? _index.Find(id) : -1;
        if (slot >= 0)
        {
            Touch(slot);
            _counters.Found++;
        }
        else if (!_filter.Admits(id, Step))
        {
            _counters.NotYetAdmitted++;
        }
        else if ((slot = TakeSlot()) < 0)
        {
            _counters.RejectedFull++;
        }
        else
        {
            Admit(id, slot);
        }

        return slot;
    }

    private void Admit(long id, int slot)
    {
        _index.Add(id, slot);
        _filter.Forget(id);
        if (_scores.Length > 0)
            All(_scores)[slot] = 0;
        Touch(slot);
        _admitted.Add(new SlotId(id, slot));
        _counters.Admitted++;
    }

    // Occurrences that came before the one that was admitted.
    private void FindAdmittedLater(ReadOnlySpan<long> ids, Span<long> slots)
    {
        for (int i = 0; i < ids.Length; i++)
        {
            if (slots[i] >= 0 || _index.Find(ids[i]) is not (>= 0 and var slot))
                continue;
            Touch(slot);
            slots[i] = slot;
            _counters.NotYetAdmitted--;
            _counters.Found++;
        }
    }
}
