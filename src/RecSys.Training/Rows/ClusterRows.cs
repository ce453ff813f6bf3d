using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Rows;

/// <summary>Rows on the nodes of a cluster. The copy takes memory from its first use on.</summary>
/// <param name="store">The rows; they are deleted from the nodes with this, unless they are kept.</param>
/// <param name="staleness">How many steps old the rows of a step may be.</param>
/// <param name="directory">The run's folder.</param>
/// <param name="workers">Who trains them. All settle together; the leader alone has use for a copy.</param>
internal sealed class ClusterRows(ShardedRowStore store, int staleness, string directory, WorkerGroup workers) : PhaseRows
{
    private MemoryRowStore? _local;
    private bool _isKept;

    /// <inheritdoc/>
    public override IRowStore Store => store;

    /// <inheritdoc/>
    public override SparseOptimizer Optimizer => store.Optimizer;

    /// <inheritdoc/>
    public override MemoryRowStore Local => _local ??= new MemoryRowStore(store.Tables, store.Model.CreateOptimizer(), store.Model.Seed);

    /// <inheritdoc/>
    public override int Lookahead => staleness - 1;

    /// <inheritdoc/>
    public override void Prefetch(ReadOnlySpan<RowBatch> batches) => store.Prefetch(batches);

    /// <inheritdoc/>
    public override void Settle()
    {
        store.Settle();
        workers.Wait();
    }

    /// <inheritdoc/>
    public override void Lead(Action work)
    {
        Settle();
        if (workers.IsLeader)
            work();
        workers.Wait();
    }

    /// <inheritdoc/>
    public override MemoryRowStore Pull()
    {
        store.Pull(Local.RowTables);
        Local.Optimizer.StepCount = store.Optimizer.StepCount;
        return Local;
    }

    /// <inheritdoc/>
    public override void Push()
    {
        store.Push(Local.RowTables);
        store.Optimizer.StepCount = Local.Optimizer.StepCount;
    }

    /// <inheritdoc/>
    public override void Read(Action<RowTable> visit) => VisitParts(store.Model.Seed, (_, part) =>
    {
        store.Pull([part]);
        visit(part);
    });

    /// <inheritdoc/>
    public override void Write(Action<RowTable> fill) => VisitParts(store.Model.Seed, (_, part) =>
    {
        fill(part);
        store.Push([part]);
    });

    /// <inheritdoc/>
    public override void Keep() => _isKept = true;

    /// <inheritdoc/>
    public override void Dispose()
    {
        _local?.Dispose();
        try
        {
            if (workers.IsLeader && !_isKept)
            {
                new RowsOnNodes(store.Model.Name).Remove(directory);
                store.Delete();
            }
        }
        catch (Exception e) when (e is IOException or ShardException)
        {
            // The nodes are gone, or refuse; the next run of this folder replaces what they have.
        }

        store.Dispose();
    }
}
