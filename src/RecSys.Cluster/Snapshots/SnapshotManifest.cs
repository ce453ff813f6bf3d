namespace RecSys.Cluster.Snapshots;

/// <summary>What one node has put into the folder of a snapshot; its last file.</summary>
internal sealed record SnapshotManifest
{
    /// <summary>The version that this library writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary>Name of the node.</summary>
    public required string Node { get; init; }

    /// <summary><see cref="ShardedModel.Id"/> as 16 hexadecimal digits.</summary>
    public required string Model { get; init; }

    /// <summary>Number of the chain as 16 hexadecimal digits.</summary>
    public required string Chain { get; init; }

    /// <summary>0 for a base, then 1, 2, …</summary>
    public required long Number { get; init; }

    /// <summary>Numbers of the buckets, ascending.</summary>
    public required IReadOnlyList<int> Buckets { get; init; }
}
