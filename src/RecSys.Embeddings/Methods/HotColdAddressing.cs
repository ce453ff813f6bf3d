namespace RecSys.Embeddings.Methods;

/// <summary>Ids with a row of their own, and others that share rows by a hash.</summary>
/// <param name="Hot">Rows of ids by key; null while none has one. A sketch changes between the steps of training.</param>
/// <param name="FirstKey">Key of id 0.</param>
/// <param name="FirstRow">First of the shared rows.</param>
/// <param name="Cold">Id → row among the shared ones.</param>
internal sealed record HotColdAddressing(HotRows? Hot, long FirstKey, long FirstRow, HashAddressing Cold) : Addressing
{
    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Cold.Address(ids, rows);
        for (int i = 0; i < ids.Length; i++)
        {
            long hot = Hot?.Row(FirstKey + ids[i]) ?? -1;
            rows[i] = hot >= 0 ? hot : FirstRow + rows[i];
        }
    }

    /// <summary>The shared row of an id, whether it reads that or not.</summary>
    public long ColdRow(long id)
    {
        long row = 0;
        Cold.Address([id], new Span<long>(ref row));
        return FirstRow + row;
    }
}
