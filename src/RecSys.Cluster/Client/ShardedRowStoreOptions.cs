namespace RecSys.Cluster.Client;

/// <summary>Settings of a client.</summary>
public sealed record ShardedRowStoreOptions
{
    /// <summary>Number of the worker: each that trains at the same time has its own.</summary>
    /// <value>1 by default; at least 1.</value>
    public ulong Worker { get; init; } = 1;

    /// <summary>Threads used by one call.</summary>
    /// <value>The number of processors by default; at least 1.</value>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;
}
