namespace RecSys.Embeddings;

/// <summary>A budget that a method cannot meet; the message states the smallest possible size.</summary>
public sealed class BudgetException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="method">Name of the method.</param>
    /// <param name="askedByteCount">Bytes asked for.</param>
    /// <param name="smallestByteCount">Smallest bytes the method can reach for these fields.</param>
    /// <param name="fullByteCount">Bytes of the full table.</param>
    public BudgetException(string method, long askedByteCount, long smallestByteCount, long fullByteCount)
        : base(FormattableString.Invariant(
            $"Method '{method}' cannot reach a budget of {askedByteCount} bytes ({(double)askedByteCount / fullByteCount:0.######} of the full table); the smallest possible is {smallestByteCount} bytes ({(double)smallestByteCount / fullByteCount:0.######})."))
        => SmallestByteCount = smallestByteCount;

    /// <summary>Smallest bytes the method can reach.</summary>
    public long SmallestByteCount { get; }
}
