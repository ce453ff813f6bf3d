namespace RecSys.Cluster.Storage;

/// <summary>How a node keeps its shards on disk.</summary>
public sealed record StorageOptions
{
    /// <summary>The node's folder, with a folder for every model.</summary>
    public required string Folder { get; init; }

    /// <summary>What outlives a crash.</summary>
    /// <value><see cref="Storage.Durability.Log"/> by default.</value>
    public Durability Durability { get; init; } = Durability.Log;

    /// <summary>Size at which the log of a model is folded into a snapshot.</summary>
    /// <value>1 GiB by default.</value>
    public long CompactLogBytes { get; init; } = 1L << 30;
}
