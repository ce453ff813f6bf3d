namespace RecSys.Embeddings.Methods;

/// <summary>One number for the most frequent ids, another for the rest.</summary>
internal sealed record TierAddressing(long HeadCount, long Head, long Tail) : Addressing
{
    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        for (int i = 0; i < ids.Length; i++)
            rows[i] = ids[i] < HeadCount ? Head : Tail;
    }
}
