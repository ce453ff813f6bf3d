namespace RecSys.Embeddings.Methods;

/// <summary>A whole number that decides how large a field is stored: rows, a divisor, a rank, a width.</summary>
/// <param name="FullByteCount">Bytes of one row of full width per id.</param>
/// <param name="Smallest">The value of the smallest size.</param>
/// <param name="Largest">The largest value.</param>
/// <param name="ByteCount">
/// Bytes for a value; it never falls from <paramref name="Smallest"/> to <paramref name="Largest"/>. Where it still falls by a few
/// rows, but never below the smallest size, a size found may be as many rows below the best one.
/// </param>
internal sealed record SizeKnob(long FullByteCount, long Smallest, long Largest, Func<long, long> ByteCount)
{
    /// <summary>Bytes of the smallest size.</summary>
    public long SmallestByteCount { get; } = ByteCount(Smallest);

    /// <summary>True when the field can be stored in less than one row per id.</summary>
    public bool CanShrink => SmallestByteCount < FullByteCount;

    /// <summary>The largest value that fits, or null when one row per id fits or nothing does.</summary>
    /// <param name="byteCount">Bytes available.</param>
    public long? LargestWithin(long byteCount)
    {
        if (byteCount >= FullByteCount || SmallestByteCount > Math.Min(byteCount, FullByteCount - 1))
            return null;
        long limit = Math.Min(byteCount, FullByteCount - 1);
        long low = Smallest;
        for (long high = Largest; low < high;)
        {
            long middle = low + ((high - low + 1) / 2);
            if (ByteCount(middle) <= limit)
                low = middle;
            else
                high = middle - 1;
        }

        return low;
    }
}
