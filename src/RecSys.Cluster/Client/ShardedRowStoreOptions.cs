namespace RecSys.Cluster.Client;

/// <summary>Settings of a client.</summary>
public sealed record ShardedRowStoreOptions
{
    /// <summary>Number of the worker, from 1: each that trains at the same time has its own.</summary>
    /// <value>1 by default.</value>
    public ulong Worker { get; init; } = 1;

    /// <summary>Workers that train at the same time: the steps of all are numbered as one sequence.</summary>
    /// <value>1 by default; at least <see cref="Worker"/>.</value>
    public int WorkerCount { get; init; } = 1;

    /// <summary>How many steps old the rows of a step may be: 1 waits for every update before the next rows are read.</summary>
    /// <value>1 by default; at least 1.</value>
    public int Staleness { get; init; } = 1;

    /// <summary>Threads used by one call.</summary>
    /// <value>The number of processors by default; at least 1.</value>
    public int ThreadCount { get; init; } = Environment.ProcessorCount;

    /// <summary>How long a request is sent again when a node cannot be reached, is stopping or has too much to do. Updates are numbered, so
    /// that they are done once however often they are sent.</summary>
    /// <value>One minute by default: a node may be restarted meanwhile. Zero sends once.</value>
    public TimeSpan RetryTime { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>Where certain buckets go when the model is created; see <see cref="Placement.Place"/>.</summary>
    /// <value>None by default.</value>
    public IReadOnlyDictionary<int, string>? Pins { get; init; }

    /// <summary>Clock.</summary>
    /// <value>The system's by default.</value>
    public TimeProvider Time { get; init; } = TimeProvider.System;

    /// <summary>The rule of <see cref="RetryTime"/>.</summary>
    internal Retries Retries => new(RetryTime, Time);

    /// <summary>The same, when the node of a bucket is looked for: one that is on its way will be somewhere.</summary>
    internal Retries RoutesRetries => new(RetryTime, Time, ShardErrorKind.Misplaced);
}
