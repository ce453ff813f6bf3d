using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Rows in the memory of a device, where they are also updated; those of some tables in the memory of this process.</summary>
/// <remarks>The same rows as those of a <see cref="MemoryRowStore"/>: first values and random rounding are the same bits, updates differ by the order in
/// which the numbers of a row are added up. <see cref="Gather"/> may run on several threads at once, <see cref="Apply"/> only alone.</remarks>
public sealed class DeviceRowStore : ITensorRowStore
{
    private readonly DeviceTable[] _tables;

    /// <summary>Makes room for all tables and gives their rows first values.</summary>
    /// <param name="tables">Shapes; no growing ones.</param>
    /// <param name="optimizer">Optimiser of the rows; it belongs to this store.</param>
    /// <param name="seed">Seed of the first values.</param>
    /// <param name="device">Device.</param>
    /// <param name="isOnHost">Says of the name of a table whether its rows stay in the memory of this process; null: none.</param>
    /// <exception cref="TorchException">The device has not enough memory.</exception>
    public DeviceRowStore(IReadOnlyList<TableSpec> tables, SparseOptimizer optimizer, ulong seed, Device device, Predicate<string>? isOnHost = null)
    {
        Tables = tables;
        Optimizer = optimizer;
        Seed = seed;
        Device = device;
        _tables = new DeviceTable[tables.Count];
        try
        {
            for (int t = 0; t < _tables.Length; t++)
                _tables[t] = new DeviceTable(tables[t], optimizer, seed, device, isOnHost?.Invoke(tables[t].Name) == true);
            TableParts.Visit(tables, optimizer, seed, isFilled: true, (table, part) => _tables[table].Write(part));
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables { get; }

    /// <summary>The rows, table after table.</summary>
    public IReadOnlyList<DeviceTable> DeviceTables => _tables;

    /// <summary>Optimiser of the rows.</summary>
    public SparseOptimizer Optimizer { get; }

    /// <summary>Seed of the first values.</summary>
    public ulong Seed { get; }

    /// <summary>Where the rows are.</summary>
    public Device Device { get; }

    /// <inheritdoc/>
    bool ITensorRowStore.IsOnDevice => true;

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
    DeviceTable? ITensorRowStore.TableInPlace(int table) => _tables[table] is { IsOnHost: false } own ? own : null;

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist; nothing has been changed.</exception>
    public void Apply(ReadOnlySpan<RowBatch> batches)
    {
        using var scope = torch.NewDisposeScope();
        Tensor[] gradients = new Tensor[batches.Length];
        for (int i = 0; i < gradients.Length; i++)
            gradients[i] = torch.tensor(batches[i].Gradients, device: _tables[batches[i].Table].Device);
        Update(batches, new Tensor?[batches.Length], gradients);
    }

    /// <inheritdoc cref="ITensorRowStore.Bring"/>
    internal Tensor[] Bring(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        var values = new Tensor[batches.Length];
        for (int i = 0; i < values.Length; i++)
        {
            var table = _tables[batches[i].Table];
            values[i] = table.Gather(torch.tensor(batches[i].Rows, device: table.Device)).to(Device);
        }

        return values;
    }

    /// <inheritdoc cref="ITensorRowStore.Update"/>
    internal void Update(ReadOnlySpan<RowBatch> batches, IReadOnlyList<Tensor?> rows, IReadOnlyList<Tensor> gradients)
    {
        RowJobs.Check(Tables, batches);
        using var scope = torch.NewDisposeScope();
        Optimizer.BeginStep();
        for (int i = 0; i < batches.Length; i++)
        {
            var table = _tables[batches[i].Table];
            table.Apply(table.IsOnHost || rows[i] is null ? torch.tensor(batches[i].Rows, device: table.Device) : rows[i]!, gradients[i].to(table.Device), Optimizer);
        }
    }

    /// <inheritdoc/>
    Tensor[] ITensorRowStore.Bring(ReadOnlySpan<RowBatch> batches) => Bring(batches);

    /// <inheritdoc/>
    void ITensorRowStore.Update(ReadOnlySpan<RowBatch> batches, IReadOnlyList<Tensor?> rows, IReadOnlyList<Tensor> gradients) => Update(batches, rows, gradients);

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var table in _tables)
            table?.Dispose();
    }
}
