using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>How a run goes on after a phase, or within one after its tables were laid out anew.</summary>
/// <param name="State">State of the next phase, or another one of this phase.</param>
/// <param name="Fill">Writes the rows of the next tables, which have their first values; null leaves these. It may read the tables there were before.</param>
/// <param name="RestartsModel">True when the dense part starts anew too, from the first values it had; only after a phase.</param>
public sealed record PhaseEnd(MethodState State, Action<IReadOnlyList<RowTable>>? Fill, bool RestartsModel = false);
