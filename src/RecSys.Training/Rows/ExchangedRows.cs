using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Rows;

/// <summary>Rows spread over the workers. None has all of them; the methods that need that are for one worker.</summary>
/// <param name="store">The rows; they belong to this.</param>
/// <param name="workers">Who trains them.</param>
internal sealed class ExchangedRows(ExchangedRowStore store, WorkerGroup workers) : PhaseRows
{
    /// <inheritdoc/>
    public override IRowStore Store => store;

    /// <inheritdoc/>
    public override SparseOptimizer Optimizer => store.Optimizer;

    /// <inheritdoc/>
    public override MemoryRowStore Local => throw new NotSupportedException("Rows that are spread over the workers have no copy of whole tables.");

    /// <inheritdoc/>
    public override MemoryRowStore Pull() => Local;

    /// <inheritdoc/>
    public override void Push() => throw new NotSupportedException("Rows that are spread over the workers have no copy of whole tables.");

    /// <inheritdoc/>
    public override void Lead(Action work)
    {
        if (!workers.IsLeader)
        {
            store.Serve();
            return;
        }

        work();
        store.End();
    }

    /// <inheritdoc/>
    public override void Read(Action<RowTable> visit) => VisitParts(store.Seed, (table, part) =>
    {
        store.Read(table, part);
        visit(part);
    });

    /// <inheritdoc/>
    public override void Write(Action<RowTable> fill) => VisitParts(store.Seed, (table, part) =>
    {
        fill(part);
        store.Write(table, part);
    });

    /// <inheritdoc/>
    public override void Dispose() => store.Dispose();
}
