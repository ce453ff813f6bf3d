using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Rows;

/// <summary>Rows in the memory of a device. The copy in this process takes memory from its first use on.</summary>
internal sealed class DeviceRows : PhaseRows
{
    private readonly DeviceRowStore _store;
    private readonly Func<SparseOptimizer> _createOptimizer;
    private MemoryRowStore? _local;

    /// <summary>Gives the rows their first values.</summary>
    /// <param name="store">The rows; they belong to this.</param>
    /// <param name="createOptimizer">Makes the optimiser of the copy.</param>
    public DeviceRows(DeviceRowStore store, Func<SparseOptimizer> createOptimizer)
    {
        _store = store;
        _createOptimizer = createOptimizer;
        VisitParts(store.Seed, isFilled: true, (table, part) => store.DeviceTables[table].Write(part));
    }

    /// <inheritdoc/>
    public override IRowStore Store => _store;

    /// <inheritdoc/>
    public override SparseOptimizer Optimizer => _store.Optimizer;

    /// <inheritdoc/>
    public override MemoryRowStore Local => _local ??= new MemoryRowStore(_store.Tables, _createOptimizer(), _store.Seed);

    /// <inheritdoc/>
    public override void Lead(Action work) => work();

    /// <inheritdoc/>
    public override MemoryRowStore Pull()
    {
        for (int t = 0; t < _store.DeviceTables.Count; t++)
            _store.DeviceTables[t].Read(Local.RowTables[t]);
        Local.Optimizer.StepCount = Optimizer.StepCount;
        return Local;
    }

    /// <inheritdoc/>
    public override void Push()
    {
        for (int t = 0; t < _store.DeviceTables.Count; t++)
            _store.DeviceTables[t].Write(Local.RowTables[t]);
        Optimizer.StepCount = Local.Optimizer.StepCount;
    }

    /// <inheritdoc/>
    public override void Read(Action<RowTable> visit) => VisitParts(_store.Seed, isFilled: false, (table, part) =>
    {
        _store.DeviceTables[table].Read(part);
        visit(part);
    });

    /// <inheritdoc/>
    public override void Write(Action<RowTable> fill) => VisitParts(_store.Seed, isFilled: false, (table, part) =>
    {
        fill(part);
        _store.DeviceTables[table].Write(part);
    });

    /// <inheritdoc/>
    public override void Dispose()
    {
        _local?.Dispose();
        _store.Dispose();
    }
}
