namespace RecSys.Cluster.Buckets;

/// <summary>What became of the ids of a growing table in some buckets, since the table was created.</summary>
/// <param name="Table">Name of the table.</param>
/// <param name="Capacity">Ids that can have a row at once.</param>
/// <param name="Rows">Ids that have one.</param>
/// <param name="Admitted">How often an id got a row.</param>
/// <param name="Evicted">How often an id lost its row, because it had expired or to make room for another.</param>
/// <param name="Waiting">Gradients that were dropped because their id was not admitted yet.</param>
/// <param name="Rejected">Gradients that were dropped because no row could make way for their id.</param>
public sealed record GrowingState(string Table, long Capacity, long Rows, long Admitted, long Evicted, long Waiting, long Rejected)
{
    /// <summary>Adds what became of the ids of the table in other buckets.</summary>
    /// <param name="other">The other buckets.</param>
    public GrowingState Plus(GrowingState other) => new(
        Table, Capacity + other.Capacity, Rows + other.Rows, Admitted + other.Admitted, Evicted + other.Evicted, Waiting + other.Waiting, Rejected + other.Rejected);
}
