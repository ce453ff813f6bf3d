using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Optimizers;

namespace RecSys.Embeddings.Tables;

/// <summary>Rows in the memory of this process.</summary>
/// <remarks>Results do not depend on <see cref="ThreadCount"/>: distinct rows never share anything. <see cref="Gather"/> may run on
/// several threads at once, <see cref="Apply"/> only alone.</remarks>
public sealed class MemoryRowStore : IRowStore
{
    private readonly RowTable[] _tables;
    private int _threadCount = Environment.ProcessorCount;

    /// <summary>Allocates and fills all tables.</summary>
    /// <param name="tables">Shapes and initialisers; names are unique.</param>
    /// <param name="optimizer">Optimiser of the rows; it belongs to this store.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <exception cref="ArgumentException">Two tables have one name, or a table has no rows or no width.</exception>
    /// <exception cref="OutOfMemoryException">The memory cannot be reserved.</exception>
    public MemoryRowStore(IReadOnlyList<TableSpec> tables, SparseOptimizer optimizer, ulong seed)
    {
        Tables = tables;
        Optimizer = optimizer;
        _tables = new RowTable[tables.Count];
        HashSet<string> names = new(StringComparer.Ordinal);
        try
        {
            for (int i = 0; i < _tables.Length; i++)
            {
                if (!names.Add(tables[i].Name))
                    throw new ArgumentException($"There are two tables named '{tables[i].Name}'.", nameof(tables));
                _tables[i] = new RowTable(tables[i], optimizer, seed);
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>The rows, table after table: what a checkpoint reads and writes, together with <see cref="SparseOptimizer.StepCount"/>.</summary>
    public IReadOnlyList<RowTable> RowTables => _tables;

    /// <summary>Optimiser of the rows.</summary>
    public SparseOptimizer Optimizer { get; }

    /// <summary>Threads used by one call.</summary>
    /// <value>The number of processors by default; ≥ 1.</value>
    public int ThreadCount
    {
        get => _threadCount;
        set
        {
            ArgumentOutOfRangeException.ThrowIfNegativeOrZero(value);
            _threadCount = value;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist.</exception>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        foreach (RowBatch batch in batches)
            _ = batch.Values; // made here, so that no two threads make it
        RowJobs.Run(batches, ThreadCount, _tables, static (tables, batch, first, count) => EmbeddingKernels.Gather(
            tables[batch.Table].Memory, batch.Rows.Slice(first, count), batch.Values.Slice(first * batch.Width, count * batch.Width)));
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist; nothing has been changed.</exception>
    public void Apply(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        foreach (RowBatch batch in batches)
            _ = batch.Gradients;
        Optimizer.BeginStep();
        RowJobs.Run(batches, ThreadCount, this, static (store, batch, first, count) => store.Optimizer.Update(
            store._tables[batch.Table], batch.Rows.Slice(first, count), batch.Gradients.Slice(first * batch.Width, count * batch.Width)));
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (RowTable? table in _tables)
            table?.Dispose();
    }
}
