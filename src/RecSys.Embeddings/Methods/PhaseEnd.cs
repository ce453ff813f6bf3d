using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>How a run goes on after a phase.</summary>
/// <param name="State">State of the next phase.</param>
/// <param name="Fill">Writes the rows of the next phase's tables, which have their first values; null leaves these. It may read the tables of the phase that ended.</param>
/// <param name="RestartsModel">True when the dense part starts anew too, from the first values it had.</param>
public sealed record PhaseEnd(MethodState State, Action<IReadOnlyList<RowTable>>? Fill, bool RestartsModel = false);
