using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>A salted 64-bit mix of the id, not reduced to a row: different ids have different numbers, from which a combination draws more.</summary>
internal sealed record HashCodeAddressing : Addressing
{
    private readonly ulong _salt;

    public HashCodeAddressing(MethodRequest request, EmbeddingField field, int lookup) => _salt = RowHash.Salt(request.HashSeed, field.Name, lookup);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)RowHash.Mix((ulong)ids[i] ^ _salt);
    }
}
