using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Row = a salted 64-bit mix of the id, reduced to the row count. The salt comes from the hash seed, the name of the field and
/// the number of the look-up, so equal ids of two fields, or two look-ups of one id, fall on unrelated rows.
/// </summary>
internal sealed class HashAddressing(MethodRequest request, EmbeddingField field, int lookup, long rowCount) : Addressing
{
    private readonly ulong _salt = RowHash.Salt(request.HashSeed, field.Name, lookup);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows) => RowHash.Address(ids, _salt, rowCount, rows);
}
