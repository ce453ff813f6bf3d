namespace RecSys.Embeddings.Methods;

/// <summary>
/// The first ids have rows of their own, all others share the rows behind those. Ids are numbered by falling frequency in the
/// training split, so "frequent" is a comparison, where a table from id to row would take four bytes per id.
/// </summary>
/// <param name="HotCount">Ids with a row of their own.</param>
/// <param name="Cold">Id → row of the other ids, counted from the first shared row.</param>
internal sealed record TieredAddressing(long HotCount, HashAddressing Cold) : Addressing
{
    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Cold.Address(ids, rows);
        for (int i = 0; i < ids.Length; i++)
            rows[i] = ids[i] < HotCount ? ids[i] : HotCount + rows[i];
    }
}
