namespace RecSys.Embeddings.Methods;

/// <summary>Row = ⌊id / divisor⌋.</summary>
internal sealed class QuotientAddressing(long divisor) : Addressing
{
    private readonly Divisor _divisor = new(divisor);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Divisor own = _divisor;
        rows = rows[..ids.Length];
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)own.Quotient((ulong)ids[i]);
    }
}
