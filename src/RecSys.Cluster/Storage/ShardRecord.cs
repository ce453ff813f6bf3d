namespace RecSys.Cluster.Storage;

/// <summary>What is true of a shard's folder: the file that is switched last.</summary>
internal sealed record ShardRecord
{
    /// <summary>The version that this library writes and reads.</summary>
    public const int CurrentVersion = 1;

    /// <summary>Version of the format.</summary>
    public int Version { get; init; } = CurrentVersion;

    /// <summary><see cref="Shard.Generation"/>.</summary>
    public required ulong Generation { get; init; }

    /// <summary>Number of the folder with the files of the buckets. A bucket without a file has its first values.</summary>
    public required long Files { get; init; }

    /// <summary>Numbers of the buckets, ascending.</summary>
    public required IReadOnlyList<int> Buckets { get; init; }

    /// <summary>Those of the buckets that are on their way to another node, and not served any more.</summary>
    public IReadOnlyList<int> Leaving { get; init; } = [];

    /// <summary>True when updates may have been acknowledged that are in no file and no log.</summary>
    public required bool MayLack { get; init; }
}
