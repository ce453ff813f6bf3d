using RecSys.Cluster.Storage;

namespace RecSys.Orleans;

/// <summary>Settings of the bucket groups of a cluster, the same on all its silos.</summary>
public sealed record ShardGroupOptions
{
    /// <summary>Groups: what is placed on silos and moves between them as a whole. A client sends one request to every group that has some of the rows.</summary>
    /// <value>8 by default; at least as many as there will be silos, and a small multiple of them spreads the load evenly.</value>
    public int GroupCount { get; init; } = 8;

    /// <summary>Where groups keep their models, each in a folder of its own below this one, which every silo sees under the same path. It must
    /// support file locks, as local disks and NFS 4 do.</summary>
    /// <value>Null by default: rows are in memory only, stay on their silo, and are lost with it.</value>
    public StorageOptions? Storage { get; init; }

    /// <summary>How long the set of silos stays as it is before groups move to those that have come.</summary>
    /// <value>10 seconds by default.</value>
    public TimeSpan SettleTime { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Checks the settings.</summary>
    /// <exception cref="ArgumentOutOfRangeException">A setting is out of range.</exception>
    internal void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(GroupCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(SettleTime, TimeSpan.Zero);
    }
}
