namespace RecSys.Embeddings.Methods;

/// <summary>Row = ⌊id / divisor⌋.</summary>
internal sealed record QuotientAddressing(long Divisor) : Addressing
{

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        rows = rows[..ids.Length];
        ulong divisor = (ulong)Divisor;
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)((ulong)ids[i] / divisor);
    }
}
