using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Rows in the memory of a device, where they are also updated; those of some tables in the memory of this process, with a cache on the device.</summary>
/// <remarks>The same rows as those of a <see cref="MemoryRowStore"/>: first values and random rounding are the same bits, updates differ by the order in
/// which the numbers of a row are added up. <see cref="Gather"/> may run on several threads at once, <see cref="Apply"/> only alone.</remarks>
public sealed class DeviceRowStore : ITensorRowStore
{
    private readonly StoredTable[] _tables;
    private Task _prefetching = Task.CompletedTask;

    /// <summary>Makes room for all tables and gives their rows first values.</summary>
    /// <param name="tables">Shapes; no growing ones.</param>
    /// <param name="optimizer">Optimiser of the rows; it belongs to this store.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <param name="device">Device.</param>
    /// <param name="cachedRows">Says of a table whose rows stay in the memory of this process how many of them the device caches, of others null; null: all are on the device.</param>
    /// <exception cref="TorchException">The device has not enough memory.</exception>
    public DeviceRowStore(IReadOnlyList<TableSpec> tables, SparseOptimizer optimizer, ulong seed, Device device, Func<TableSpec, int?>? cachedRows = null)
    {
        Tables = tables;
        Optimizer = optimizer;
        Seed = seed;
        Device = device;
        _tables = new StoredTable[tables.Count];
        try
        {
            for (int t = 0; t < _tables.Length; t++)
                _tables[t] = new StoredTable(tables[t], optimizer, seed, device, cachedRows?.Invoke(tables[t]));
            TableParts.Visit(tables, optimizer, seed, isFilled: true, (table, part) => _tables[table].All(isReplaced: true).Write(part));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>Optimiser of the rows.</summary>
    public SparseOptimizer Optimizer { get; }

    /// <summary>Seed of the first values.</summary>
    public ulong Seed { get; }

    /// <summary>Where the rows are.</summary>
    public Device Device { get; }

    /// <inheritdoc/>
    bool ITensorRowStore.IsOnDevice => true;

    /// <summary>Whether the device caches rows of a table.</summary>
    internal bool HasCache => _tables.Any(t => t.HasCache);

    /// <summary>Share of the rows that steps have updated in tables with a cache that earlier steps had left there; null where there were none.</summary>
    public double? CacheHitRate => _tables.Sum(t => t.Updated) is > 0 and var updated ? 1 - ((double)_tables.Sum(t => t.Missed) / updated) : null;

    /// <summary>All rows of a table, as they are until the next step.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="isReplaced">Whether they are about to be replaced.</param>
    public DeviceTable TableOf(int table, bool isReplaced = false)
    {
        Settle();
        return _tables[table].All(isReplaced);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist.</exception>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        foreach (var batch in batches)
        {
            using var scope = torch.NewDisposeScope();
            Bring([batch])[0].cpu().Data<float>().CopyTo(batch.Values);
        }
    }

    /// <inheritdoc/>
    DeviceTable? ITensorRowStore.TableInPlace(int table) => _tables[table] is { IsInPlace: true } own ? own.All() : null;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist; nothing has been changed.</exception>
    public void Apply(ReadOnlySpan<RowBatch> batches)
    {
        using var scope = torch.NewDisposeScope();
        Tensor[] gradients = new Tensor[batches.Length];
        for (int i = 0; i < gradients.Length; i++)
            gradients[i] = torch.tensor(batches[i].Gradients, [batches[i].Count, batches[i].Width], device: Device);
        Update(batches, new Tensor?[batches.Length], gradients);
    }

    /// <inheritdoc cref="ITensorRowStore.Bring"/>
    internal Tensor[] Bring(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        var values = new Tensor[batches.Length];
        for (int i = 0; i < values.Length; i++)
            values[i] = _tables[batches[i].Table].Bring(batches[i].Rows);
        return values;
    }

    /// <inheritdoc cref="ITensorRowStore.Update"/>
    internal void Update(ReadOnlySpan<RowBatch> batches, IReadOnlyList<Tensor?> rows, IReadOnlyList<Tensor> gradients)
    {
        RowJobs.Check(Tables, batches);
        // So that what is in the caches does not depend on who is faster.
        Settle();
        using var scope = torch.NewDisposeScope();
        Optimizer.BeginStep();
        List<TableUpdate> inPlace = [];
        for (int i = 0; i < batches.Length; i++)
        {
            var table = _tables[batches[i].Table];
            if (table.IsInPlace)
            {
                var numbers = rows[i] ?? torch.tensor(batches[i].Rows, device: Device);
                inPlace.Add(new TableUpdate(table.All(), numbers, numbers, gradients[i]));
            }
            else
                table.Update(batches[i].Rows, rows[i], gradients[i], Optimizer);
        }

        DeviceTable.Apply(inPlace, Optimizer);
    }

    /// <summary>Starts to bring rows of a mini-batch that is still to come into the caches, while one before it is trained.</summary>
    /// <param name="batches">Its rows, which stay as they are until it is trained, or until <see cref="Settle"/>.</param>
    public void Prefetch(ReadOnlySpan<RowBatch> batches)
    {
        Settle();
        RowBatch[] wanted = [.. batches.ToArray().Where(b => _tables[b.Table].HasCache)];
        _prefetching = Task.Run(() =>
        {
            foreach (var batch in wanted)
                _tables[batch.Table].Prefetch(batch.Rows);
        });
    }

    /// <summary>Waits for <see cref="Prefetch"/>.</summary>
    public void Settle() => _prefetching.GetAwaiter().GetResult();

    /// <inheritdoc/>
    Tensor[] ITensorRowStore.Bring(ReadOnlySpan<RowBatch> batches) => Bring(batches);

    /// <inheritdoc/>
    void ITensorRowStore.Update(ReadOnlySpan<RowBatch> batches, IReadOnlyList<Tensor?> rows, IReadOnlyList<Tensor> gradients) => Update(batches, rows, gradients);

    /// <inheritdoc/>
    public void Dispose()
    {
        // If it has failed, a step has said so.
        _prefetching.ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        foreach (var table in _tables)
            table?.Dispose();
    }
}
