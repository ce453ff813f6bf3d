namespace RecSys.Embeddings.Methods;

/// <summary>
/// A rule id → row. Thread-safe; equal rules give equal rows. It is fixed, except in phases of a method that say otherwise
/// (<see cref="MethodPhase.ChangesAddressing"/>), and there it changes only between steps.
/// </summary>
public abstract record Addressing
{
    /// <summary>Maps ids to rows.</summary>
    /// <param name="ids">Ids of one field, each within its vocabulary.</param>
    /// <param name="rows">Receives one row per id.</param>
    public abstract void Address(ReadOnlySpan<long> ids, Span<long> rows);
}
