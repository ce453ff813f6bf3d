using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Rows in the memory of a device.</summary>
/// <param name="store">The rows; they belong to this.</param>
internal sealed class DeviceRowShard(DeviceRowStore store) : RowShard
{
    /// <inheritdoc/>
    public override SparseOptimizer Optimizer => store.Optimizer;

    /// <inheritdoc/>
    public override Device Device => store.Device;

    /// <inheritdoc/>
    public override Tensor[] Gather(RowBatch[] batches)
        => [.. store.Bring(batches).Zip(batches, (values, batch) => values.index_select(0, torch.tensor(batch.Index, device: Device)))];

    /// <inheritdoc/>
    public override void Apply(RowBatch[] batches, Tensor[] gradients, float weight)
        => store.Update(batches, new Tensor?[batches.Length], [.. batches.Select(batch => Sum(batch, gradients[batch.Table], weight))]);

    /// <inheritdoc/>
    public override Tensor Read(int table, long first, int count)
    {
        var kept = store.TableOf(table).Kept(first, count);
        return torch.cat([kept.Rows, kept.States]);
    }

    /// <inheritdoc/>
    public override void Write(int table, long first, int count, Tensor bytes)
    {
        var kept = store.TableOf(table, isReplaced: true).Kept(first, count);
        kept.Rows.copy_(bytes.narrow(0, 0, kept.Rows.numel));
        kept.States.copy_(bytes.narrow(0, kept.Rows.numel, kept.States.numel));
    }

    /// <inheritdoc/>
    public override void Dispose() => store.Dispose();

    private static Tensor Sum(RowBatch batch, Tensor gradients, float weight)
    {
        using var scope = torch.NewDisposeScope();
        int count = batch.Index.Length;
        var device = gradients.device;
        var sorted = new SortedOccurrences(torch.tensor(batch.Index, device: device), batch.Count);
        var from = torch.arange(0, (long)count * batch.Width, batch.Width, torch.int32, device);
        return sorted.Sum(gradients, from, torch.full([count], weight, device: device), [(0, count, 0, batch.Count, batch.Width)], batch.Width)[0].MoveToOuterDisposeScope();
    }
}
