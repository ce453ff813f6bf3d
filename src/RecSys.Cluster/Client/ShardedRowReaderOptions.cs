namespace RecSys.Cluster.Client;

/// <summary>Settings of a <see cref="ShardedRowReader"/>.</summary>
public sealed record ShardedRowReaderOptions
{
    /// <summary>Bytes of rows that are kept here, with the index over them.</summary>
    /// <value>0 by default: every row is asked for.</value>
    public long CacheBytes { get; init; }

    /// <summary>How often the reader asks where buckets and copies are and what has changed in them: rows from the cache are at most as much
    /// older than those on the nodes.</summary>
    /// <value>One second by default.</value>
    public TimeSpan RefreshInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Copies that have not been brought up to date for longer are not read.</summary>
    /// <value>One minute by default.</value>
    public TimeSpan LargestCopyAge { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>A request that is not answered within this time is sent to nodes with copies too; the first answer counts.</summary>
    /// <value>Null by default: when it takes longer than 19 of 20 requests to the node did. <see cref="Timeout.InfiniteTimeSpan"/> asks others
    /// only when a node fails.</value>
    public TimeSpan? HedgeAfter { get; init; }

    /// <summary>How long a request is sent again when no node answers it.</summary>
    /// <value>Ten seconds by default.</value>
    public TimeSpan RetryTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Threads used by one call.</summary>
    /// <value>1 by default: look-ups are small and many; at least 1.</value>
    public int ThreadCount { get; init; } = 1;

    /// <summary>Clock.</summary>
    /// <value>The system's by default.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
