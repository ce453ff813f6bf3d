namespace RecSys.Embeddings.Methods;

/// <summary>Row = id mod row count: the remainder of QR, and the plain hashing trick on ids that are already numbered.</summary>
internal sealed class ModuloAddressing(long rowCount) : Addressing
{
    private readonly Divisor _rowCount = new(rowCount);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Divisor divisor = _rowCount;
        rows = rows[..ids.Length];
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)divisor.Remainder((ulong)ids[i]);
    }
}
