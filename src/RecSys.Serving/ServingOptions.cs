using System.Collections.ObjectModel;
using RecSys.Cluster.Http;
using RecSys.Training.Rows;

namespace RecSys.Serving;

/// <summary>Settings of a server.</summary>
public sealed record ServingOptions : HttpServerOptions
{
    /// <summary>Folders of runs by the names of the models.</summary>
    public required IReadOnlyDictionary<string, string> Models { get; init; }

    /// <summary>Another address, which speaks nothing but HTTP/2 in cleartext: <c>http://127.0.0.1:8081</c>; port 0 takes a free one.</summary>
    /// <value>None by default.</value>
    public string? Http2Url { get; init; }

    /// <summary>By the names of models: folders of snapshots of their rows, which are followed.</summary>
    /// <value>Empty by default: rows are those of the checkpoint.</value>
    public IReadOnlyDictionary<string, string> Deltas { get; init; } = ReadOnlyDictionary<string, string>.Empty;

    /// <summary>How embedding rows are read live from the nodes of each run's cluster.</summary>
    /// <value>Null by default: rows are those of the checkpoint.</value>
    public LiveRowsOptions? LiveRows { get; init; }

    /// <summary>Whether scores are wanted, which need libtorch; without, only vectors can be looked up.</summary>
    /// <value>True by default.</value>
    public bool Scoring { get; init; } = true;

    /// <summary>Most samples that are scored at once.</summary>
    /// <value>1024 by default.</value>
    public int ScoringBatchSize { get; init; } = 1024;

    /// <summary>How often the folders are looked at for new checkpoints.</summary>
    /// <value>1 second by default.</value>
    public TimeSpan FollowInterval { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Versions of a model that stay in memory, to go back to; at least 1.</summary>
    /// <value>3 by default.</value>
    public int KeptVersions { get; init; } = 3;

    /// <summary>Most ids, samples times lists included, of one request.</summary>
    /// <value>100,000 by default.</value>
    public int MaxIds { get; init; } = 100_000;

    /// <summary>How long a request may take to arrive.</summary>
    /// <value>10 seconds by default.</value>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Bytes of all requests that have arrived and are not answered yet; more are refused with 429.</summary>
    /// <value>256 MiB by default.</value>
    public long MaxPendingBytes { get; init; } = 256 << 20;

    /// <summary>The time.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}
