using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Methods;

/// <summary>Row = one of the four 32-bit words of an id's 128-bit hash, modulo the row count.</summary>
/// <param name="Seed">Seed of the hash function.</param>
/// <param name="Word">0 and 1 are the lower and upper half of the first 64 bits, 2 and 3 those of the second.</param>
/// <param name="RowCount">Number of rows; a word reaches the first 2^32 of them.</param>
internal sealed record MurmurAddressing(uint Seed, int Word, long RowCount) : Addressing
{
    private readonly Divisor _rowCount = new(RowCount);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Divisor rowCount = _rowCount;
        int shift = 32 * (Word % 2);
        for (int i = 0; i < ids.Length; i++)
        {
            var (first, second) = MurmurHash3.Hash((ulong)ids[i], Seed);
            rows[i] = (long)rowCount.Remainder((uint)((Word < 2 ? first : second) >> shift));
        }
    }
}
