using System.Numerics;
using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tables;

/// <summary>
/// Which numbers of a table are kept; the others are zero and take no memory: one bit per number, and the count of kept numbers before
/// every 512 bits, so that a row finds its numbers by counting at most eight words.
/// </summary>
/// <remarks>Immutable and thread-safe. The bits belong to whoever made them.</remarks>
public sealed unsafe class RowMask : IDisposable
{
    private const int BlockBits = 512;
    private const int WordBits = 64;

    private readonly PackedArray _bits;
    private readonly NativeBuffer<uint> _counts;

    /// <summary>Creates a mask.</summary>
    /// <param name="bits">One bit per number, row after row; it has to outlive the mask.</param>
    /// <exception cref="ArgumentException">More than one bit per number, or 2^32 numbers are kept.</exception>
    public RowMask(PackedArray bits)
    {
        if (bits.Bits != 1)
            throw new ArgumentException($"A mask has one bit per number, but {bits.Bits} were given.", nameof(bits));
        _bits = bits;
        _counts = new NativeBuffer<uint>((bits.Length + BlockBits - 1) / BlockBits);
        long count = 0;
        for (long word = 0; word < bits.Words.Length; word++)
        {
            if (word % (BlockBits / WordBits) == 0)
                _counts.Pointer[word / (BlockBits / WordBits)] = checked((uint)count);
            count += BitOperations.PopCount(bits.Words.Pointer[word]);
        }

        Count = checked((uint)count);
    }

    /// <summary>Numbers of the whole table.</summary>
    public long Length => _bits.Length;

    /// <summary>Numbers that are kept.</summary>
    public long Count { get; }

    /// <summary>Bytes of bits and counts.</summary>
    public long ByteCount => _bits.ByteCount + CountsByteCount;

    /// <summary>Bytes of the counts, which follow from the bits.</summary>
    internal long CountsByteCount => _counts.ByteCount;

    /// <summary>The bits.</summary>
    internal PackedArray Bits => _bits;

    /// <summary>Kept numbers before every 512 bits.</summary>
    internal NativeBuffer<uint> CountBuffer => _counts;

    /// <summary>First of the bits' words.</summary>
    internal ulong* Words => _bits.Words.Pointer;

    /// <summary>First of the counts.</summary>
    internal uint* Counts => _counts.Pointer;

    /// <summary>Bytes that a mask of a table takes.</summary>
    /// <param name="length">Numbers of the table.</param>
    public static long ByteCountOf(long length) => PackedArray.ByteCountOf(length, 1) + ((length + BlockBits - 1) / BlockBits * sizeof(uint));

    /// <summary>Where the kept numbers of a row are among those of the table.</summary>
    /// <param name="row">Number of the row.</param>
    /// <param name="width">Numbers per row.</param>
    internal (long First, int Count) KeptOf(long row, int width)
    {
        long first = CountBefore(Words, Counts, row * width);
        long end = (row + 1) * width == Length ? Count : CountBefore(Words, Counts, (row + 1) * width);
        return (first, (int)(end - first));
    }

    /// <summary>Kept numbers before a place.</summary>
    /// <param name="words">The bits.</param>
    /// <param name="counts">The counts.</param>
    /// <param name="place">Place among all numbers, row after row.</param>
    internal static uint CountBefore(ulong* words, uint* counts, long place)
    {
        uint count = counts[place / BlockBits];
        long word = place / BlockBits * (BlockBits / WordBits);
        for (; word < place / WordBits; word++)
            count += (uint)BitOperations.PopCount(words[word]);
        return count + (uint)BitOperations.PopCount(words[word] & ((1UL << (int)(place % WordBits)) - 1));
    }

    /// <inheritdoc/>
    public void Dispose() => _counts.Dispose();
}
