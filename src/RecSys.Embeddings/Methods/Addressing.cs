namespace RecSys.Embeddings.Methods;

/// <summary>A fixed rule id → row. Immutable and thread-safe; equal rules give equal rows.</summary>
public abstract record Addressing
{
    /// <summary>Maps ids to rows.</summary>
    /// <param name="ids">Ids of one field, each within its vocabulary.</param>
    /// <param name="rows">Receives one row per id.</param>
    public abstract void Address(ReadOnlySpan<long> ids, Span<long> rows);
}
