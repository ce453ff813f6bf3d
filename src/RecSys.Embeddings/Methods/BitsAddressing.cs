using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>Not a row but 64 random bits per id, for a source that is computed: a salted mix of the id.</summary>
internal sealed record BitsAddressing : Addressing
{
    private readonly ulong _salt;

    public BitsAddressing(MethodRequest request, EmbeddingField field, int lookup) => _salt = RowHash.Salt(request.HashSeed, field.Name, lookup);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)RowHash.Mix((ulong)ids[i] ^ _salt);
    }
}
