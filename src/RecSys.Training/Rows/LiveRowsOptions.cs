namespace RecSys.Training.Rows;

/// <summary>How rows are read live from the nodes of a cluster.</summary>
public sealed record LiveRowsOptions
{
    /// <summary>Bytes of rows that are kept here, with the index over them.</summary>
    /// <value>64 MiB by default; 0 asks the nodes for every row.</value>
    public long CacheBytes { get; init; } = 64 << 20;

    /// <summary>How long a node may take to answer, and how long a read that fails is tried again.</summary>
    /// <value>1 second by default.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
