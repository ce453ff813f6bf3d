using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Rows;

/// <summary>Rows in the memory of a device. The copy in this process takes memory from its first use on.</summary>
/// <param name="store">The rows; they belong to this.</param>
/// <param name="createOptimizer">Makes the optimiser of the copy.</param>
internal sealed class DeviceRows(DeviceRowStore store, Func<SparseOptimizer> createOptimizer) : PhaseRows
{
    private MemoryRowStore? _local;

    /// <inheritdoc/>
    public override IRowStore Store => store;

    /// <inheritdoc/>
    public override SparseOptimizer Optimizer => store.Optimizer;

    /// <inheritdoc/>
    public override MemoryRowStore Local => _local ??= new MemoryRowStore(store.Tables, createOptimizer(), store.Seed);

    /// <inheritdoc/>
    public override double? CacheHitRate => store.CacheHitRate;

    /// <inheritdoc/>
    public override int Lookahead => store.HasCache ? 1 : 0;

    /// <inheritdoc/>
    public override void Prefetch(ReadOnlySpan<RowBatch> batches) => store.Prefetch(batches);

    /// <inheritdoc/>
    public override void Settle() => store.Settle();

    /// <inheritdoc/>
    public override void Lead(Action work) => work();

    /// <inheritdoc/>
    public override MemoryRowStore Pull()
    {
        for (int t = 0; t < store.Tables.Count; t++)
            store.TableOf(t).Read(Local.RowTables[t]);
        Local.Optimizer.StepCount = Optimizer.StepCount;
        return Local;
    }

    /// <inheritdoc/>
    public override void Push()
    {
        for (int t = 0; t < store.Tables.Count; t++)
            store.TableOf(t, isReplaced: true).Write(Local.RowTables[t]);
        Optimizer.StepCount = Local.Optimizer.StepCount;
    }

    /// <inheritdoc/>
    public override void Read(Action<RowTable> visit) => VisitParts(store.Seed, (table, part) =>
    {
        store.TableOf(table).Read(part);
        visit(part);
    });

    /// <inheritdoc/>
    public override void Write(Action<RowTable> fill) => VisitParts(store.Seed, (table, part) =>
    {
        fill(part);
        store.TableOf(table, isReplaced: true).Write(part);
    });

    /// <inheritdoc/>
    public override void Dispose()
    {
        _local?.Dispose();
        store.Dispose();
    }
}
