namespace RecSys.Cluster.Storage;

/// <summary>What of a shard outlives its process.</summary>
public enum Durability
{
    /// <summary>The rows of the last snapshot. After a crash the generation changes, so that trainers go back to theirs.</summary>
    Snapshot,

    /// <summary>Every update that was acknowledged: it is in a log on disk before.</summary>
    Log,
}
