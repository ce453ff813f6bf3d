using System.Diagnostics;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Optimizers;

/// <summary>
/// Updates the rows a mini-batch touched; all other rows and their state stay as they are. Gradients of duplicate rows are summed
/// before. L2 is lazy: it adds λ·w to the gradient of touched rows only, once per step however often they were looked up.
/// </summary>
/// <remarks>An instance belongs to one store. <see cref="BeginStep"/> runs on one thread; <see cref="Update"/> may run on several
/// for different rows.</remarks>
public abstract class SparseOptimizer
{
    /// <summary>Creates the optimiser.</summary>
    /// <param name="options">Learning rate and L2.</param>
    /// <exception cref="ArgumentException">A setting is out of range.</exception>
    protected SparseOptimizer(SparseOptimizerOptions options)
    {
        options.Validate();
        LearningRate = (float)options.LearningRate;
        L2 = (float)options.L2;
    }

    /// <summary>Name in configuration files, lower snake case.</summary>
    public abstract string Name { get; }

    /// <summary>Step size; may be changed between steps.</summary>
    public float LearningRate { get; set; }

    /// <summary>λ of the lazy L2 penalty ½λ‖w‖².</summary>
    public float L2 { get; }

    /// <summary>Steps begun; part of a checkpoint, because Adam's bias correction depends on it.</summary>
    public long StepCount { get; set; }

    /// <summary>The numbers of the rule at the current step, in the order of its formula, for rows that are updated by other code than ours.</summary>
    internal abstract double[] RuleNumbers { get; }

    /// <summary>Numbers of state per row, each 4 bytes.</summary>
    /// <param name="width">Numbers per row.</param>
    public abstract int StateWidth(int width);

    /// <summary>Writes the state of a row that was never updated.</summary>
    /// <param name="state">[<see cref="StateWidth"/>].</param>
    public virtual void FillInitialState(Span<float> state) => state.Clear();

    /// <summary>Starts a step.</summary>
    public virtual void BeginStep() => StepCount++;

    /// <summary>Updates rows of a table.</summary>
    /// <param name="table">The table.</param>
    /// <param name="rows">Distinct rows.</param>
    /// <param name="gradients">Their summed gradients, [rows × width].</param>
    /// <exception cref="ArgumentException">A row is not in the table, or there are fewer gradients than rows.</exception>
    public void Update(RowTable table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients)
    {
        Debug.Assert(table.StateWidth == StateWidth(table.Spec.Width), "The table keeps the state of this optimiser.");
        if (table.Spec.IsPlain)
            UpdateFloats(table.Memory, rows, gradients);
        else
            CodedRows.Update(this, table, rows, gradients);
    }

    /// <summary>Updates rows of fp32.</summary>
    /// <param name="table">The rows and their state.</param>
    /// <param name="rows">Distinct rows.</param>
    /// <param name="gradients">Their summed gradients, [rows × width].</param>
    internal abstract void UpdateFloats(in TableMemory table, ReadOnlySpan<long> rows, ReadOnlySpan<float> gradients);
}
