namespace RecSys.Embeddings.Methods;

/// <summary>Row = ⌊id / divisor⌋.</summary>
internal sealed class QuotientAddressing(long divisor) : Addressing
{
    private readonly ulong _divisor = (ulong)divisor;

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        rows = rows[..ids.Length];
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)((ulong)ids[i] / _divisor);
    }
}
