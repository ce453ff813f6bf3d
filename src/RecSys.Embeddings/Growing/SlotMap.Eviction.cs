using System.Numerics.Tensors;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Growing;

public sealed partial class SlotMap
{
    /// <summary>Slots drawn per eviction: the row that makes way is among the worst 6% on average.</summary>
    internal const int SampleCount = 16;

    private const int BlockLength = 256;

    // Searches for a free, an expired or any evictable slot go on where the last one ended.
    private int _hand;

    // Steps in which a search found nothing: no row expires or loses its pin within a step.
    private int _nothingExpiredStep = -1;
    private int _allPinnedStep = -1;

    /// <summary>Evicts all rows that have expired and are not pinned. Reads every slot.</summary>
    /// <returns>Number of rows evicted; see <see cref="Evicted"/>.</returns>
    public int EvictExpired()
    {
        _admitted.Clear();
        _evicted.Clear();
        if (_options.TimeToLive is null)
            return 0;
        for (int slot = 0; slot < Capacity; slot++)
        {
            if (_index.IsUsed(slot) && IsExpired(slot) && !IsPinned(slot))
                Expire(slot);
        }

        return _evicted.Count;
    }

    /// <summary>A slot drawn for an eviction.</summary>
    /// <param name="displaced">Rows displaced before.</param>
    /// <param name="sample">Number of the draw, 0 … <see cref="SampleCount"/> − 1.</param>
    internal int Sample(long displaced, int sample)
        => (int)Math.BigMul(RowHash.Mix(_sampleSalt + ((ulong)displaced * SampleCount) + (ulong)sample), (ulong)Capacity, out _);

    // A free slot, or one that an expired or displaced row had to leave; −1 when all rows have to stay.
    private int TakeSlot()
    {
        if (Count < Capacity)
        {
            int free = _index.NextFree(_hand);
            _hand = Next(free);
            return free;
        }

        int slot = NextExpired();
        if (slot >= 0)
        {
            Expire(slot);
            return slot;
        }

        slot = _options.Eviction.Order == EvictionOrder.None ? -1 : Worst();
        if (slot >= 0)
        {
            Evict(slot);
            _counters.Displaced++;
        }

        return slot;
    }

    private void Expire(int slot)
    {
        Evict(slot);
        _counters.Expired++;
    }

    private void Evict(int slot)
    {
        _evicted.Add(new SlotId(_index.IdOf(slot), slot));
        _index.Remove(slot);
    }

    private int NextExpired()
    {
        if (_options.TimeToLive is not { } timeToLive || _nothingExpiredStep == Step)
            return -1;
        int slot = FirstExpired(_hand, Capacity, timeToLive);
        if (slot < 0)
            slot = FirstExpired(0, _hand, timeToLive);
        if (slot >= 0)
            _hand = Next(slot);
        else
            _nothingExpiredStep = Step;
        return slot;
    }

    // The first expired row that is not pinned among slots start … end − 1 of a full table. Blocks whose rows were all used since are
    // passed over: times only grow, so the oldest time that a block once had still says that.
    private int FirstExpired(int start, int end, long timeToLive)
    {
        ReadOnlySpan<long> times = All(_times);
        Span<long> oldest = All(_oldestTimes);
        for (int slot = start; slot < end;)
        {
            int block = slot / BlockLength;
            int stop = Math.Min(end, (block + 1) * BlockLength);
            if (Now - oldest[block] > timeToLive)
            {
                long least = TensorPrimitives.Min(times[slot..stop]);
                for (int i = slot; i < stop && Now - least > timeToLive; i++)
                {
                    if (IsExpired(i) && !IsPinned(i))
                        return i;
                }

                if (slot == block * BlockLength && stop == Math.Min(Capacity, slot + BlockLength))
                    oldest[block] = least;
            }

            slot = stop;
        }

        return -1;
    }

    private int Worst()
    {
        if (_allPinnedStep == Step)
            return -1;
        Span<int> drawn = stackalloc int[SampleCount];
        for (int i = 0; i < SampleCount; i++)
        {
            drawn[i] = Sample(_counters.Displaced, i);
            PrefetchUse(All(_steps), All(_times), All(_scores), drawn[i]);
        }

        int worst = -1;
        foreach (int slot in drawn)
        {
            if (!IsPinned(slot) && (worst < 0 || IsWorse(slot, worst)))
                worst = slot;
        }

        return worst >= 0 ? worst : NextEvictable();
    }

    private int NextEvictable()
    {
        for (int i = 0; i < Capacity; i++)
        {
            int slot = _hand;
            _hand = Next(slot);
            if (!IsPinned(slot))
                return slot;
        }

        _allPinnedStep = Step;
        return -1;
    }

    private bool IsWorse(int slot, int other)
    {
        Span<int> steps = All(_steps);
        Span<float> scores = All(_scores);
        if (!scores.IsEmpty)
        {
            Span<long> times = All(_times);
            float score = ScoreNow(times, scores, slot);
            float otherScore = ScoreNow(times, scores, other);
            if (score != otherScore)
                return score < otherScore;
        }

        return steps[slot] < steps[other];
    }

    // Counts of uses are scores that do not decay.
    private float ScoreNow(ReadOnlySpan<long> times, ReadOnlySpan<float> scores, int slot)
    {
        float score = scores[slot];
        return _options.Eviction.Order == EvictionOrder.DecayedScore && times[slot] != Now
            ? (float)(score * Math.Pow(_options.Eviction.Decay, Now - times[slot]))
            : score;
    }

    private bool IsPinned(int slot) => Step - All(_steps)[slot] <= _options.StepsAhead;

    private bool IsExpired(int slot) => Now - All(_times)[slot] > _options.TimeToLive.GetValueOrDefault();

    private int Next(int slot) => slot + 1 < Capacity ? slot + 1 : 0;
}
