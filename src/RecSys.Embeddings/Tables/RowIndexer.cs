using System.Diagnostics;
using System.Numerics;
using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tables;

/// <summary>Numbers distinct keys in the order of first occurrence: the de-duplication of row numbers within a mini-batch.</summary>
/// <remarks>
/// Open addressing with linear probing, at most half full. A slot holds a generation and a place, so that clearing costs
/// nothing. Not thread-safe.
/// </remarks>
internal sealed class RowIndexer
{
    private const int SmallestCapacity = 256;
    private const int PrefetchDistance = 16;

    private long[] _keys = [];
    private ulong[] _slots = new ulong[SmallestCapacity];

    /// <summary>Number of distinct keys.</summary>
    public int Count { get; private set; }

    /// <summary>Slots of other generations are free. Settable so that a test need not clear 2^32 times.</summary>
    internal uint Generation { get; set; } = 1;

    /// <summary>The distinct keys in the order of first occurrence.</summary>
    public ReadOnlySpan<long> Keys => _keys.AsSpan(0, Count);

    /// <summary>Forgets all keys and keeps the memory.</summary>
    public void Clear()
    {
        Count = 0;
        if (++Generation == 0)
        {
            Array.Clear(_slots);
            Generation = 1;
        }
    }

    /// <summary>Numbers keys; equal keys get equal numbers.</summary>
    /// <param name="keys">Keys.</param>
    /// <param name="places">Receives the number of each key.</param>
    public void Add(ReadOnlySpan<long> keys, Span<int> places)
    {
        Reserve(Count + keys.Length);
        int mask = _slots.Length - 1;
        for (int i = 0; i < keys.Length; i++)
        {
            // Hashing a key twice is cheaper than waiting for its slot.
            if (i + PrefetchDistance < keys.Length)
                EmbeddingKernels.Prefetch(ref _slots[Slot(keys[i + PrefetchDistance], mask)]);
            places[i] = Place(keys[i]);
        }
    }

    /// <summary>Turns keys into their numbers.</summary>
    /// <param name="keys">Keys that have been added; receives their numbers.</param>
    public void Locate(Span<long> keys)
    {
        int count = Count;
        foreach (ref long key in keys)
            key = Place(key);
        Debug.Assert(Count == count, "All keys have been added.");
    }

    private int Place(long key)
    {
        ulong[] slots = _slots;
        int mask = slots.Length - 1;
        for (int slot = Slot(key, mask); ; slot = (slot + 1) & mask)
        {
            ulong entry = slots[slot];
            if ((uint)(entry >> 32) != Generation)
            {
                slots[slot] = Entry(Count);
                _keys[Count] = key;
                return Count++;
            }

            if (_keys[(int)(uint)entry] == key)
                return (int)(uint)entry;
        }
    }

    private void Reserve(int count)
    {
        if (_keys.Length < count)
            Array.Resize(ref _keys, Math.Max(count, 2 * _keys.Length));
        if (_slots.Length >= 2 * count)
            return;

        _slots = new ulong[BitOperations.RoundUpToPowerOf2((uint)(2 * count))];
        Generation = 1;
        int mask = _slots.Length - 1;
        for (int place = 0; place < Count; place++)
        {
            int slot = Slot(_keys[place], mask);
            while (_slots[slot] != 0)
                slot = (slot + 1) & mask;
            _slots[slot] = Entry(place);
        }
    }

    private ulong Entry(int place) => ((ulong)Generation << 32) | (uint)place;

    private static int Slot(long key, int mask) => (int)RowHash.Mix((ulong)key) & mask;
}
