using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>Rows that come as tensors and are updated from tensors, so that they need not pass through the memory of this process.</summary>
internal interface ITensorRowStore : IRowStore
{
    /// <summary>Whether look-ups compute on <see cref="Device"/>; else in this process, by <see cref="IRowReader.Gather"/> and <see cref="IRowStore.Apply"/>.</summary>
    bool IsOnDevice { get; }

    /// <summary>Where the tensors are.</summary>
    Device Device { get; }

    /// <summary>A table whose rows kernels read where they lie, on <see cref="Device"/>; null when its rows have to be brought.</summary>
    /// <param name="table">Index of the table.</param>
    DeviceTable? TableInPlace(int table);

    /// <summary>Brings rows.</summary>
    /// <param name="batches">Distinct rows.</param>
    /// <returns>Their values, batch after batch, [rows, width].</returns>
    Tensor[] Bring(ReadOnlySpan<RowBatch> batches);

    /// <summary>One step of the optimiser.</summary>
    /// <param name="batches">Distinct rows.</param>
    /// <param name="rows">Their numbers on <see cref="Device"/>, batch after batch, where the caller has them there.</param>
    /// <param name="gradients">Their summed gradients, batch after batch, [rows, width]; what they are afterwards is of no use.</param>
    void Update(ReadOnlySpan<RowBatch> batches, IReadOnlyList<Tensor?> rows, IReadOnlyList<Tensor> gradients);
}
