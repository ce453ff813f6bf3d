using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>Rows in blocks of consecutive ids, of which several may be the same: row = map[⌊id / block⌋] · block + id mod block.</summary>
/// <param name="Map">The stored block of every block of ids.</param>
/// <param name="BlockRows">Rows of a block.</param>
internal sealed record BlockAddressing(PackedArray Map, long BlockRows) : Addressing
{
    private readonly Divisor _blockRows = new(BlockRows);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Divisor divisor = _blockRows;
        for (int i = 0; i < ids.Length; i++)
        {
            ulong block = divisor.Quotient((ulong)ids[i]);
            rows[i] = (Map[(long)block] * BlockRows) + (ids[i] - ((long)block * BlockRows));
        }
    }
}
