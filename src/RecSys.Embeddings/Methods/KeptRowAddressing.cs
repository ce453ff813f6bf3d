using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>Row = the number of kept ids before an id, if it is kept itself; all others share the row behind those of the kept ids.</summary>
internal sealed unsafe record KeptRowAddressing(RowMask Kept) : Addressing
{
    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        for (int i = 0; i < ids.Length; i++)
            rows[i] = Kept.Bits[ids[i]] == 1 ? RowMask.CountBefore(Kept.Words, Kept.Counts, ids[i]) : Kept.Count;
    }
}
