using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Row = a salted 64-bit mix of the id, reduced to the row count. The salt comes from the hash seed, the name of the field and
/// the number of the look-up, so equal ids of two fields, or two look-ups of one id, fall on unrelated rows.
/// </summary>
internal sealed record HashAddressing : Addressing
{
    private readonly ulong _salt;
    private readonly long _rowCount;

    public HashAddressing(MethodRequest request, EmbeddingField field, int lookup, long rowCount)
        => (_salt, _rowCount) = (RowHash.Salt(request.HashSeed, field.Name, lookup), rowCount);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows) => RowHash.Address(ids, _salt, _rowCount, rows);
}
