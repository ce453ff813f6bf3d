namespace RecSys.Embeddings.Methods;

/// <summary>Row = id mod row count: the remainder of QR, and the plain hashing trick on ids that are already numbered.</summary>
internal sealed record ModuloAddressing(long RowCount) : Addressing
{
    private readonly Divisor _rowCount = new(RowCount);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Divisor divisor = _rowCount;
        rows = rows[..ids.Length];
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)divisor.Remainder((ulong)ids[i]);
    }
}
