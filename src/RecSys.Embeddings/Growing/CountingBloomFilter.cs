using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Growing;

/// <summary>
/// Admits an id when all its counters show c − 1 earlier occurrences. Counters never show too few; they show too many only when each of
/// them is also one of another id.
/// </summary>
/// <remarks>Fan et al., "Summary Cache", 2000; only the lowest counters of an id grow (Estan and Varghese, "New Directions in Traffic
/// Measurement and Accounting", 2002). The counters of an id are at h + j·s (Kirsch and Mitzenmacher, "Less Hashing, Same
/// Performance", 2006).</remarks>
internal sealed class CountingBloomFilter : AdmissionFilter
{
    private const string CountersName = "bloom_counters";
    private const string StateName = "bloom_state";
    private readonly int _occurrences;
    private readonly int _candidates;
    private readonly int _hashCount;
    private readonly ulong _seed;
    private readonly NativeBuffer<byte> _counters;

    // Ids taken in since the filter began anew.
    private int _held;

    /// <summary>Creates an empty filter.</summary>
    /// <param name="occurrences">c, 1 … 255.</param>
    /// <param name="candidates">Ids taken in before the filter begins anew.</param>
    /// <param name="shape">Sizes.</param>
    /// <param name="seed">Seed of the hash functions.</param>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public CountingBloomFilter(int occurrences, int candidates, BloomShape shape, ulong seed)
    {
        _occurrences = occurrences;
        _candidates = candidates;
        _hashCount = shape.HashCount;
        _seed = seed;
        _counters = new NativeBuffer<byte>(shape.CounterCount);
    }

    private Span<byte> Counters => _counters.Span(0, (int)_counters.Length);

    /// <inheritdoc/>
    public override void Prefetch(long id)
    {
        Span<byte> counters = Counters;
        (ulong hash, ulong stride) = Hash(id);
        for (int j = 0; j < _hashCount; j++, hash += stride)
            EmbeddingKernels.Prefetch(ref counters[Place(hash)]);
    }

    /// <inheritdoc/>
    public override bool Admits(long id, int step)
    {
        Span<byte> counters = Counters;
        (ulong hash, ulong stride) = Hash(id);
        byte least = byte.MaxValue;
        for (int j = 0; j < _hashCount; j++)
            least = Math.Min(least, counters[Place(hash + ((ulong)j * stride))]);
        if (least + 1 >= _occurrences)
            return true;

        if (least == 0)
            TakeIn();
        for (int j = 0; j < _hashCount; j++)
        {
            ref byte counter = ref counters[Place(hash + ((ulong)j * stride))];
            counter = Math.Max(counter, (byte)(least + 1));
        }

        return false;
    }

    /// <inheritdoc/>
    public override void Declare(SafetensorsWriter writer)
    {
        writer.Declare(CountersName, "U8", _counters.Length);
        writer.Declare(StateName, "I64", 2);
    }

    /// <inheritdoc/>
    public override void Write(IDataWriter writer)
    {
        writer.Write<byte>(Counters);
        writer.Write<long>([_held, ForgottenCount]);
    }

    /// <inheritdoc/>
    public override void Read(IDataReader reader)
    {
        reader.Expect(CountersName, "U8", _counters.Length);
        reader.Read(Counters);
        Span<long> state = stackalloc long[2];
        reader.Expect(StateName, "I64", state.Length);
        reader.Read(state);
        _held = GrowingFile.InRange(reader, StateName, state[0], _candidates + 1L);
        ForgottenCount = state[1];
    }

    /// <inheritdoc/>
    public override void Dispose() => _counters.Dispose();

    private void TakeIn()
    {
        if (_held == _candidates)
        {
            Counters.Clear();
            ForgottenCount += _held;
            _held = 0;
        }

        _held++;
    }

    private (ulong First, ulong Stride) Hash(long id)
    {
        ulong hash = RowHash.Mix((ulong)id ^ _seed);
        return (hash, RowHash.Mix(hash) | 1);
    }

    private int Place(ulong hash) => (int)Math.BigMul(hash, (ulong)_counters.Length, out _);
}
