namespace RecSys.Embeddings.Tables;

/// <summary>
/// Where rows live: memory, a mapped file, other machines. It knows nothing of methods or models. One call carries all
/// distinct rows a mini-batch needs from all tables.
/// </summary>
public interface IRowReader : IDisposable
{
    /// <summary>The tables, in the order of <see cref="RowBatch.Table"/>.</summary>
    IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>Copies the rows named by each batch into its <see cref="RowBatch.Values"/>. Safe to call from several threads.</summary>
    /// <param name="batches">Batches of distinct rows; at most one per table.</param>
    void Gather(ReadOnlySpan<RowBatch> batches);
}
