namespace RecSys.Embeddings.Methods;

/// <summary>Row = ⌊id / divisor⌋.</summary>
internal sealed record QuotientAddressing(long By) : Addressing
{
    private readonly Divisor _divisor = new(By);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Divisor divisor = _divisor;
        rows = rows[..ids.Length];
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)divisor.Quotient((ulong)ids[i]);
    }
}
