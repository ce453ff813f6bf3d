using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// The keys with the largest scores of a stream, and rows for those above a threshold. Each key belongs to one bucket of four slots. A
/// key without a slot takes an empty one, or that of the smallest score, which it inherits; if that one has a row, the key waits. Until
/// then a score is never below the key's own sum, nor above it by more than a quarter of what its bucket was given.
/// </summary>
/// <remarks>
/// HotSketch of Zhang et al., "CAFE: Towards Compact, Adaptive, and Fast Embedding for Large-scale Recommendation Models", SIGMOD 2024;
/// Metwally et al., "Efficient Computation of Frequent and Top-k Elements in Data Streams", ICDT 2005 (Space-Saving). Everything lies in
/// the arrays of a state, so one that is saved and read goes on with the same bits. Not thread-safe while keys are added.
/// </remarks>
internal sealed class HotSketch : HotRows
{
    /// <summary>Bytes of a bucket: key, score and row of four slots, 4 bytes each.</summary>
    public const int BucketByteCount = Slots * 12;

    /// <summary>Bytes beside the buckets: the sum of all scores.</summary>
    public const int TotalByteCount = sizeof(double);

    private const int Slots = 4;
    private const int Bits = 32;

    // Scores fade once they are so many thresholds per row.
    private const double MostThresholds = 10;

    private readonly long _bucketCount;
    private readonly KeyBuckets _keys;
    private readonly PackedArray _scores;
    private readonly PackedArray _rows;
    private readonly PackedArray _total;
    private readonly Stack<uint> _free = new();

    /// <summary>Opens the sketch that a state holds.</summary>
    /// <param name="state">A state with the arrays of <see cref="Create"/>.</param>
    /// <param name="bucketCount">Number of buckets, and of rows.</param>
    /// <param name="salt">Salt of the hash from keys to buckets.</param>
    /// <exception cref="InvalidDataException">The state holds no sketch of that size.</exception>
    public HotSketch(MethodState state, long bucketCount, ulong salt)
    {
        _bucketCount = bucketCount;
        _keys = new KeyBuckets(state.Array("keys", bucketCount * Slots), Slots, salt);
        _scores = state.Array("scores", bucketCount * Slots);
        _rows = state.Array("rows", bucketCount * Slots);
        _total = state.Array("total", 2);
        FindFreeRows();
    }

    /// <summary>Arrays of an empty sketch.</summary>
    /// <param name="bucketCount">Number of buckets, and of rows.</param>
    public static Dictionary<string, PackedArray> Create(long bucketCount) => new()
    {
        ["keys"] = new PackedArray(bucketCount * Slots, Bits),
        ["scores"] = new PackedArray(bucketCount * Slots, Bits),
        ["rows"] = new PackedArray(bucketCount * Slots, Bits),
        ["total"] = new PackedArray(2, Bits),
    };

    /// <inheritdoc/>
    public override long Row(long key)
    {
        long slot = _keys.Find(key, _keys.First(key));
        return slot < 0 ? -1 : _rows[slot] - 1L;
    }

    /// <summary>Adds to the score of a key.</summary>
    /// <param name="key">Number of an id over all fields, below 2^32 − 1.</param>
    /// <param name="amount">What is added, ≥ 0.</param>
    /// <param name="threshold">Score from which on a key has a row, as long as there are rows.</param>
    /// <returns>The row, if the key has got it just now; else −1.</returns>
    public long Add(long key, float amount, float threshold)
    {
        long first = _keys.First(key);
        long slot = _keys.Find(key, first);
        if (slot < 0)
        {
            slot = Smallest(first);
            if (_rows[slot] != 0)
                return -1;
            _keys[slot] = key;
        }

        float score = Score(slot) + amount;
        _scores[slot] = BitConverter.SingleToUInt32Bits(score);
        Total += amount;
        if (score < threshold || _rows[slot] != 0 || !_free.TryPop(out uint row))
            return -1;
        _rows[slot] = row + 1;
        return row;
    }

    /// <summary>Lets all scores fade when they have become large; keys that fall below the threshold lose their rows.</summary>
    /// <param name="threshold">As for <see cref="Add"/>.</param>
    /// <param name="factor">What scores are multiplied by.</param>
    public void Fade(float threshold, float factor)
    {
        if (Total <= MostThresholds * threshold * _bucketCount)
            return;
        Total = 0;
        for (long slot = 0; slot < _scores.Length; slot++)
        {
            float score = Score(slot) * factor;
            _scores[slot] = BitConverter.SingleToUInt32Bits(score);
            Total += score;
            if (score < threshold)
                _rows[slot] = 0;
        }

        FindFreeRows();
    }

    /// <summary>The keys that have rows, in rising order, with these.</summary>
    public IReadOnlyList<(uint Key, uint Row)> Hot()
    {
        List<(uint Key, uint Row)> hot = [];
        for (long slot = 0; slot < _rows.Length; slot++)
        {
            if (_rows[slot] != 0)
                hot.Add(((uint)_keys[slot], _rows[slot] - 1));
        }

        hot.Sort();
        return hot;
    }

    private double Total
    {
        get => BitConverter.UInt64BitsToDouble(_total[0] | ((ulong)_total[1] << Bits));
        set
        {
            ulong bits = BitConverter.DoubleToUInt64Bits(value);
            _total[0] = (uint)bits;
            _total[1] = (uint)(bits >> Bits);
        }
    }

    // An empty slot has the score 0 and comes first.
    private long Smallest(long first)
    {
        long smallest = first;
        for (long slot = first + 1; slot < first + Slots; slot++)
        {
            if (_keys[smallest] >= 0 && (_keys[slot] < 0 || Score(slot) < Score(smallest)))
                smallest = slot;
        }

        return smallest;
    }

    private float Score(long slot) => BitConverter.UInt32BitsToSingle(_scores[slot]);

    // The free row with the smallest number is taken first, so what is free says in which order.
    private void FindFreeRows()
    {
        var isUsed = new bool[_bucketCount];
        for (long slot = 0; slot < _rows.Length; slot++)
        {
            if (_rows[slot] != 0)
                isUsed[_rows[slot] - 1] = true;
        }

        _free.Clear();
        for (long row = _bucketCount - 1; row >= 0; row--)
        {
            if (!isUsed[row])
                _free.Push((uint)row);
        }
    }
}
