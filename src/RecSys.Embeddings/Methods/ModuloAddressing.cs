namespace RecSys.Embeddings.Methods;

/// <summary>Row = id mod row count: the remainder of QR, and the plain hashing trick on ids that are already numbered.</summary>
internal sealed record ModuloAddressing(long RowCount) : Addressing
{

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        rows = rows[..ids.Length];
        ulong rowCount = (ulong)RowCount;
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)((ulong)ids[i] % rowCount);
    }
}
