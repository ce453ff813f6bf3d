using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using Tensor = RecSys.Torch.Tensor;

namespace RecSys.Training.Rows;

/// <summary>Rows in the memory of this process.</summary>
/// <param name="store">The rows; they belong to this.</param>
internal sealed class HostRowShard(MemoryRowStore store) : RowShard
{
    /// <inheritdoc/>
    public override SparseOptimizer Optimizer => store.Optimizer;

    /// <inheritdoc/>
    public override Device Device => Device.CPU;

    /// <inheritdoc/>
    public override Tensor[] Gather(RowBatch[] batches)
    {
        store.Gather(batches);
        return [.. batches.Select(Occurrences)];
    }

    /// <inheritdoc/>
    public override void Apply(RowBatch[] batches, Tensor[] gradients, float weight)
    {
        foreach (var batch in batches)
        {
            batch.ClearGradients();
            var sums = batch.Gradients;
            var own = gradients[batch.Table].Data<float>();
            for (int i = 0; i < batch.Index.Length; i++)
            {
                var sum = sums.Slice(batch.Index[i] * batch.Width, batch.Width);
                TensorPrimitives.MultiplyAdd(own.Slice(i * batch.Width, batch.Width), weight, sum, sum);
            }
        }

        store.Apply(batches);
    }

    /// <inheritdoc/>
    public override Tensor Read(int table, long first, int count)
    {
        var rows = RowsOf(table, first, count);
        var states = StatesOf(table, first, count);
        var bytes = torch.empty([rows.Length + states.Length], torch.uint8);
        rows.CopyTo(bytes.Data<byte>());
        states.CopyTo(bytes.Data<byte>()[rows.Length..]);
        return bytes;
    }

    /// <inheritdoc/>
    public override void Write(int table, long first, int count, Tensor bytes)
    {
        var rows = RowsOf(table, first, count);
        bytes.Data<byte>()[..rows.Length].CopyTo(rows);
        bytes.Data<byte>()[rows.Length..].CopyTo(StatesOf(table, first, count));
    }

    /// <inheritdoc/>
    public override void Dispose() => store.Dispose();

    private static Tensor Occurrences(RowBatch batch)
    {
        var values = torch.empty([batch.Index.Length, batch.Width]);
        var target = values.Data<float>();
        var distinct = batch.Values;
        for (int i = 0; i < batch.Index.Length; i++)
            distinct.Slice(batch.Index[i] * batch.Width, batch.Width).CopyTo(target[(i * batch.Width)..]);
        return values;
    }

    private Span<byte> RowsOf(int table, long first, int count)
    {
        var own = store.RowTables[table];
        return own.Rows.Span(first * own.Spec.RowByteCount, count * own.Spec.RowByteCount);
    }

    private Span<byte> StatesOf(int table, long first, int count)
    {
        var own = store.RowTables[table];
        return MemoryMarshal.AsBytes(own.States.Span(first * own.StateWidth, count * own.StateWidth));
    }
}
