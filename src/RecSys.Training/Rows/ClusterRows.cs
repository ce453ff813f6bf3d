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
    private const long PartByteCount = 64 << 20;
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
    public override void Read(Action<RowTable> visit) => VisitParts(part =>
    {
        store.Pull([part]);
        visit(part);
    });

    /// <inheritdoc/>
    public override void Write(Action<RowTable> fill) => VisitParts(part =>
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

    // A table with a mask is one part: its rows have no places in a file.
    private void VisitParts(Action<RowTable> visit)
    {
        foreach (var table in store.Tables)
        {
            long size = table.Mask is null ? Math.Max(1, PartByteCount / (table.RowByteCount + (Optimizer.StateWidth(table.Width) * sizeof(float)))) : table.RowCount;
            for (long first = 0; first < table.RowCount; first += size)
            {
                var spec = table with { RowCount = Math.Min(size, table.RowCount - first), Numbers = new RowNumbers(first, 1) };
                using var part = RowTable.CreateUnfilled(spec, Optimizer, store.Model.Seed);
                visit(part);
            }
        }
    }
}
