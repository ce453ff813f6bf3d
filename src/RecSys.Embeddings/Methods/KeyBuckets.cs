using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>Keys in buckets of a few places each: a key is only ever at a place of its bucket, so looking at these finds it.</summary>
/// <param name="keys">A key plus 1 at each place, or 0 where there is none.</param>
/// <param name="ways">Places of a bucket; the number of places is a multiple of it.</param>
/// <param name="salt">Salt of the hash from keys to buckets.</param>
internal sealed class KeyBuckets(PackedArray keys, int ways, ulong salt)
{
    /// <summary>The key at a place; −1 where there is none.</summary>
    /// <param name="place">A place.</param>
    public long this[long place]
    {
        get => keys[place] - 1L;
        set => keys[place] = checked((uint)(value + 1));
    }

    /// <summary>The first place of the bucket of a key.</summary>
    /// <param name="key">A key.</param>
    public long First(long key)
    {
        long bucket = 0;
        RowHash.Address([key], salt, keys.Length / ways, new Span<long>(ref bucket));
        return bucket * ways;
    }

    /// <summary>The place of a key; −1 where it has none.</summary>
    /// <param name="key">A key.</param>
    /// <param name="first">See <see cref="First"/>.</param>
    public long Find(long key, long first)
    {
        for (long place = first; place < first + ways; place++)
        {
            if (this[place] == key)
                return place;
        }

        return -1;
    }
}
