using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Rows;

/// <summary>The rows of all tables that one of several processes has, for the tensors that go between the processes.</summary>
/// <remarks>Tensors belong to the dispose scope of the caller. Not thread-safe.</remarks>
internal abstract class RowShard : IDisposable
{
    /// <summary>Optimiser of the rows.</summary>
    public abstract SparseOptimizer Optimizer { get; }

    /// <summary>Where the tensors are that it gives.</summary>
    public abstract Device Device { get; }

    /// <summary>Reads rows.</summary>
    /// <param name="batches">Occurrences of rows, a batch per table.</param>
    /// <returns>The values of each occurrence, table after table, [occurrences, width].</returns>
    public abstract Tensor[] Gather(RowBatch[] batches);

    /// <summary>One step of the optimiser.</summary>
    /// <param name="batches">Occurrences of rows, a batch per table.</param>
    /// <param name="gradients">The gradient of each occurrence, table after table, [occurrences, width].</param>
    /// <param name="weight">What each counts in the sum of its row.</param>
    public abstract void Apply(RowBatch[] batches, Tensor[] gradients, float weight);

    /// <summary>Reads consecutive rows as they are kept.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="first">First row, of those here.</param>
    /// <param name="count">Rows.</param>
    /// <returns>The bytes of the rows, then those of their state.</returns>
    public abstract Tensor Read(int table, long first, int count);

    /// <summary>Replaces consecutive rows and their state.</summary>
    /// <param name="table">Index of the table.</param>
    /// <param name="first">First row, of those here.</param>
    /// <param name="count">Rows.</param>
    /// <param name="bytes">What <see cref="Read"/> gives.</param>
    public abstract void Write(int table, long first, int count, Tensor bytes);

    /// <inheritdoc/>
    public abstract void Dispose();
}
