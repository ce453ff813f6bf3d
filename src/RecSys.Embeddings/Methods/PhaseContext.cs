using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>A method at work: its tables in the middle of a run.</summary>
/// <param name="Request">What was laid out, with the state it was laid out for.</param>
/// <param name="Layout">The layout.</param>
/// <param name="Tables">The rows, one entry per <see cref="MethodLayout.Tables"/>.</param>
/// <param name="Step">Steps of the phase that are done.</param>
/// <param name="StepCount">Steps that the phase has if nothing ends it early.</param>
public sealed record PhaseContext(MethodRequest Request, MethodLayout Layout, IReadOnlyList<RowTable> Tables, long Step, long StepCount)
{
    /// <summary>What the last step has noted of the ids of the method's fields, in a fixed order; empty between epochs.</summary>
    public IReadOnlyList<IdNotes> Notes { get; init; } = [];

    /// <summary>Epochs of the phase that are done.</summary>
    public int Epoch { get; init; }

    /// <summary>Epochs that the phase has if nothing ends it early.</summary>
    public int EpochCount { get; init; }

    /// <summary>
    /// What the model scores on the first rows of the validation split with the tables as they stand; larger is better. To be called at the
    /// end of a phase only; where there is no model, all tables score 0.
    /// </summary>
    public Func<double> Score { get; init; } = () => 0;
}
