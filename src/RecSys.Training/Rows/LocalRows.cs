using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Training.Rows;

/// <summary>Rows in the memory of this process: the copy is what is trained.</summary>
/// <param name="rows">The rows; they belong to this.</param>
internal sealed class LocalRows(MemoryRowStore rows) : PhaseRows
{
    /// <inheritdoc/>
    public override IRowStore Store => rows;

    /// <inheritdoc/>
    public override SparseOptimizer Optimizer => rows.Optimizer;

    /// <inheritdoc/>
    public override MemoryRowStore Local => rows;

    /// <inheritdoc/>
    public override void Lead(Action work) => work();

    /// <inheritdoc/>
    public override MemoryRowStore Pull() => rows;

    /// <inheritdoc/>
    public override void Push()
    {
    }

    /// <inheritdoc/>
    public override void Read(Action<RowTable> visit) => rows.RowTables.ToList().ForEach(visit);

    /// <inheritdoc/>
    public override void Write(Action<RowTable> fill) => rows.RowTables.ToList().ForEach(fill);

    /// <inheritdoc/>
    public override void Dispose() => rows.Dispose();
}
