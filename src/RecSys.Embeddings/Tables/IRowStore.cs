namespace RecSys.Embeddings.Tables;

/// <summary>A row reader whose rows can be trained: the sparse optimiser runs where the rows live.</summary>
public interface IRowStore : IRowReader
{
    /// <summary>
    /// One optimiser step: updates the rows named by each batch with its <see cref="RowBatch.Gradients"/>, already summed
    /// over the occurrences of a row. One writer at a time.
    /// </summary>
    /// <param name="batches">Batches of distinct rows; at most one per table.</param>
    void Apply(ReadOnlySpan<RowBatch> batches);
}
