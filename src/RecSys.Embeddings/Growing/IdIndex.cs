using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Growing;

/// <summary>Finds the slot of a 64-bit id. Slots are numbers in [0, capacity), chosen by the caller; all of them may be in use.</summary>
/// <remarks>
/// Open addressing with linear probing in 3/2 as many places as slots: at most two thirds full. An id that is removed lets those
/// behind it move up (Knuth, "The Art of Computer Programming", volume 3, algorithm 6.4R), so the places in use depend on the ids
/// alone and never wear out. One writer, or any number of readers while nobody writes.
/// </remarks>
internal sealed class IdIndex : IDisposable
{
    /// <summary>Largest number of slots: spans over the places have to count them.</summary>
    public const int LargestCapacity = 1 << 30;

    /// <summary>How many ids ahead a loop asks for memory.</summary>
    public const int PrefetchDistance = 16;

    private readonly NativeBuffer<Entry> _entries;

    // For each slot its place among the entries plus 1; 0 while the slot is free.
    private readonly NativeBuffer<int> _places;
    private readonly ulong _salt;

    /// <summary>Creates an empty index; its memory is used as ids come.</summary>
    /// <param name="capacity">Slots, 1 … <see cref="LargestCapacity"/>.</param>
    /// <param name="salt">Salt of the hash function.</param>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public IdIndex(int capacity, ulong salt)
    {
        Capacity = capacity;
        _salt = salt;
        _entries = new NativeBuffer<Entry>(EntryCount(capacity));
        try
        {
            _places = new NativeBuffer<int>(capacity);
        }
        catch
        {
            _entries.Dispose();
            throw;
        }
    }

    /// <summary>Number of slots.</summary>
    public int Capacity { get; }

    /// <summary>Slots in use.</summary>
    public int Count { get; private set; }

    /// <summary>All places; those of number 0 are free.</summary>
    internal Span<Entry> Entries => _entries.Span(0, (int)_entries.Length);

    private Span<int> Places => _places.Span(0, Capacity);

    /// <summary>Bytes that finding needs: 12 for each of 3/2 · capacity + 1 places.</summary>
    public static long FindByteCount(long capacity) => EntryCount(capacity) * Unsafe.SizeOf<Entry>();

    /// <summary>Bytes that changing needs besides: the place of each slot.</summary>
    public static long ChangeByteCount(long capacity) => capacity * sizeof(int);

    /// <summary>Slot of an id, or −1.</summary>
    public int Find(long id) => Find(Entries, id);

    /// <summary>Slots of ids, or −1; memory is asked for ahead, so that the waits for it overlap.</summary>
    /// <param name="ids">Ids.</param>
    /// <param name="slots">Receives one slot per id.</param>
    public void Find(ReadOnlySpan<long> ids, Span<long> slots)
    {
        Span<Entry> entries = Entries;
        slots = slots[..ids.Length];
        for (int i = 0; i < Math.Min(PrefetchDistance, ids.Length); i++)
            EmbeddingKernels.Prefetch(ref entries[Home(ids[i])]);
        for (int i = 0; i < ids.Length; i++)
        {
            // Hashing an id twice is cheaper than waiting for its place.
            if (i + PrefetchDistance < ids.Length)
                EmbeddingKernels.Prefetch(ref entries[Home(ids[i + PrefetchDistance])]);
            slots[i] = Find(entries, ids[i]);
        }
    }

    /// <summary>Asks for the memory where an id would be found.</summary>
    public void Prefetch(long id) => EmbeddingKernels.Prefetch(ref Entries[Home(id)]);

    /// <summary>Whether a slot has an id.</summary>
    public bool IsUsed(int slot) => Places[slot] != 0;

    /// <summary>The id of a slot in use.</summary>
    public long IdOf(int slot) => Entries[Places[slot] - 1].Id;

    /// <summary>The slots in use.</summary>
    public RowSet UsedSlots()
    {
        var used = new RowSet(Capacity);
        ReadOnlySpan<int> places = Places;
        for (int slot = 0; slot < places.Length; slot++)
        {
            if (places[slot] != 0)
                used.Add(slot);
        }

        return used;
    }

    /// <summary>Gives an id that has no slot a free one.</summary>
    public void Add(long id, int slot)
    {
        Debug.Assert(!IsUsed(slot) && Find(id) < 0, "Ids and slots are used once.");
        Span<Entry> entries = Entries;
        int place = Home(id);
        while (!entries[place].IsFree)
            place = Next(place);
        entries[place] = new Entry { Id = id, Number = slot + 1 };
        Places[slot] = place + 1;
        Count++;
    }

    /// <summary>Frees a slot in use.</summary>
    public void Remove(int slot)
    {
        Span<Entry> entries = Entries;
        Span<int> places = Places;
        int hole = places[slot] - 1;
        for (int place = Next(hole); !entries[place].IsFree; place = Next(place))
        {
            // An entry that would come before its home has to stay.
            if (Distance(Home(entries[place].Id), place) < Distance(hole, place))
                continue;
            entries[hole] = entries[place];
            places[entries[hole].Number - 1] = hole + 1;
            hole = place;
        }

        entries[hole] = default;
        places[slot] = 0;
        Count--;
    }

    /// <summary>The first free slot from a start on, in a circle.</summary>
    /// <param name="start">Where to begin, 0 ≤ start &lt; capacity.</param>
    public int NextFree(int start)
    {
        Debug.Assert(Count < Capacity, "There is a free slot.");
        ReadOnlySpan<int> places = Places;
        int behind = places[start..].IndexOf(0);
        return behind >= 0 ? start + behind : places[..start].IndexOf(0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _entries.Dispose();
        _places.Dispose();
    }

    /// <summary>The place where the search for an id begins.</summary>
    internal int Home(long id) => (int)Math.BigMul(RowHash.Mix((ulong)id ^ _salt), (ulong)_entries.Length, out _);

    private static long EntryCount(long capacity) => capacity + (capacity / 2) + 1;

    private int Find(ReadOnlySpan<Entry> entries, long id)
    {
        int place = Home(id);
        while (!entries[place].IsFree && entries[place].Id != id)
            place = Next(place);
        return entries[place].Number - 1;
    }

    private int Next(int place) => place + 1 < _entries.Length ? place + 1 : 0;

    private int Distance(int from, int to) => to >= from ? to - from : to - from + (int)_entries.Length;

    /// <summary>A place: 12 bytes, because every id is valid and none can mark a free one.</summary>
    [StructLayout(LayoutKind.Sequential, Pack = 4)]
    internal struct Entry
    {
        public long Id;

        /// <summary>Slot + 1; 0 while the place is free.</summary>
        public int Number;

        public readonly bool IsFree => Number == 0;
    }
}
