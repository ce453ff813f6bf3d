namespace RecSys.Embeddings.Memory;

/// <summary>Whole numbers of a fixed number of bits, without gaps, in native memory: codes, row numbers, masks.</summary>
/// <remarks>Reading is thread-safe; writing is not, since neighbours share a word. It owns its memory.</remarks>
public sealed unsafe class PackedArray : IDisposable
{
    private const int WordBits = 64;

    private readonly NativeBuffer<ulong> _words;
    private readonly ulong _mask;

    /// <summary>Creates an array of zeros.</summary>
    /// <param name="length">Number of numbers, ≥ 0.</param>
    /// <param name="bits">Bits of each, 1 … 32.</param>
    /// <exception cref="OutOfMemoryException">The system has not enough memory.</exception>
    public PackedArray(long length, int bits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfLessThan(bits, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(bits, 32);
        Length = length;
        Bits = bits;
        _mask = (1UL << bits) - 1;
        _words = new NativeBuffer<ulong>(WordCount(length, bits));
    }

    /// <summary>Number of numbers.</summary>
    public long Length { get; }

    /// <summary>Bits of each.</summary>
    public int Bits { get; }

    /// <summary>Bytes of all numbers, the last word included.</summary>
    public long ByteCount => _words.ByteCount;

    /// <summary>The numbers as they lie in memory: number i takes the bits from i · <see cref="Bits"/> on, lowest first.</summary>
    public NativeBuffer<ulong> Words => _words;

    /// <summary>A number.</summary>
    /// <param name="index">0 … <see cref="Length"/> − 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such number, or the value has more bits.</exception>
    public uint this[long index]
    {
        get
        {
            Check(index);
            (long word, int shift) = Place(index);
            ulong value = _words.Pointer[word] >> shift;
            if (shift + Bits > WordBits)
                value |= _words.Pointer[word + 1] << (WordBits - shift);
            return (uint)(value & _mask);
        }

        set
        {
            Check(index);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(value, _mask, nameof(value));
            (long word, int shift) = Place(index);
            ulong* place = _words.Pointer + word;
            *place = (*place & ~(_mask << shift)) | ((ulong)value << shift);
            if (shift + Bits > WordBits)
                place[1] = (place[1] & ~(_mask >> (WordBits - shift))) | ((ulong)value >> (WordBits - shift));
        }
    }

    /// <summary>Reads numbers at equal distances, for many ids at a time.</summary>
    /// <param name="ids">Ids; number <c>(id − firstId) · stride + offset</c> is read for each, and has to exist.</param>
    /// <param name="firstId">Id of the first numbers.</param>
    /// <param name="stride">Numbers per id.</param>
    /// <param name="offset">Which of the id's numbers.</param>
    /// <param name="added">What is added to every number.</param>
    /// <param name="values">Receives one number per id.</param>
    internal void Read(ReadOnlySpan<long> ids, long firstId, int stride, int offset, long added, Span<long> values)
    {
        ulong* words = _words.Pointer;
        values = values[..ids.Length];
        ulong first = (ulong)offset * (ulong)Bits;
        ulong perId = (ulong)stride * (ulong)Bits;
        for (int i = 0; i < ids.Length; i++)
        {
            ulong bit = ((ulong)(ids[i] - firstId) * perId) + first;
            ulong* word = words + (bit / WordBits);
            int shift = (int)(bit % WordBits);
            ulong value = *word >> shift;
            if (shift + Bits > WordBits)
                value |= word[1] << (WordBits - shift);
            values[i] = (long)(value & _mask) + added;
        }
    }

    /// <summary>Bits that the numbers 0 … <paramref name="largest"/> need, ≥ 1.</summary>
    /// <param name="largest">The largest number.</param>
    public static int BitsFor(long largest) => Math.Max(1, WordBits - System.Numerics.BitOperations.LeadingZeroCount((ulong)largest));

    /// <summary>Bytes that an array takes.</summary>
    /// <param name="length">Number of numbers.</param>
    /// <param name="bits">Bits of each.</param>
    public static long ByteCountOf(long length, int bits) => WordCount(length, bits) * sizeof(ulong);

    /// <summary>True when both arrays hold the same numbers in as many bits.</summary>
    /// <param name="other">The other array.</param>
    public bool HasSameNumbers(PackedArray other)
    {
        const int Piece = 1 << 20;
        if ((Length, Bits) != (other.Length, other.Bits))
            return false;
        for (long start = 0; start < _words.Length; start += Piece)
        {
            int count = (int)Math.Min(Piece, _words.Length - start);
            if (!_words.Span(start, count).SequenceEqual(other._words.Span(start, count)))
                return false;
        }

        return true;
    }

    /// <inheritdoc/>
    public void Dispose() => _words.Dispose();

    private static long WordCount(long length, int bits) => ((length * bits) + WordBits - 1) / WordBits;

    private (long Word, int Shift) Place(long index) => (index * Bits / WordBits, (int)(index * Bits % WordBits));

    private void Check(long index)
    {
        if ((ulong)index >= (ulong)Length)
            throw new ArgumentOutOfRangeException(nameof(index), index, $"There are {Length} numbers; valid are 0 … {Length - 1}.");
    }
}
