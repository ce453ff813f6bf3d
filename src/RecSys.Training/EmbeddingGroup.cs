using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>The fields of one embedding set that share a method, laid out.</summary>
/// <param name="Name">Unique name: the set's, with a number behind it where a set has several methods.</param>
/// <param name="Spec">Method, budget and options.</param>
/// <param name="Request">What the method was asked for.</param>
/// <param name="Layout">What it answered.</param>
/// <param name="FirstTable">Index of the layout's first table among all tables of the model.</param>
public sealed record EmbeddingGroup(string Name, MethodSpec Spec, MethodRequest Request, MethodLayout Layout, int FirstTable)
{
    /// <summary>The phase that the method is in.</summary>
    public MethodPhase Phase => Phases[Request.State.Phase];

    /// <summary>True when no phase follows.</summary>
    public bool IsInLastPhase => Request.State.Phase == Phases.Count - 1;

    private IReadOnlyList<MethodPhase> Phases => Spec.Method.Phases(Spec.Options);

    /// <summary>The method at work on its tables.</summary>
    /// <param name="rows">The rows of the model.</param>
    /// <param name="step">Steps of the phase that are done.</param>
    /// <param name="stepCount">Steps that the phase has.</param>
    public PhaseContext At(MemoryRowStore rows, long step, long stepCount) => new(Request, Layout, TablesOf(rows), step, stepCount);

    /// <summary>The tables of the group.</summary>
    /// <param name="rows">The rows of the model.</param>
    public IReadOnlyList<RowTable> TablesOf(MemoryRowStore rows) => [.. rows.RowTables.Skip(FirstTable).Take(Layout.Tables.Count)];
}
