using RecSys.Cluster;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary>Clients of the nodes of a configuration.</summary>
internal sealed class ClusterNodes : IDisposable
{
    /// <summary>Makes the clients.</summary>
    /// <param name="config">Their addresses.</param>
    public ClusterNodes(ClusterConfig config)
    {
        Owners = config.Connect();
        Copies = config.ConnectCopies();
        All = [.. Owners, .. Copies];
        Pins = config.Pins;
    }

    /// <summary>Nodes that own buckets.</summary>
    public IReadOnlyList<IShardNode> Owners { get; }

    /// <summary>Nodes that hold copies only.</summary>
    public IReadOnlyList<IShardNode> Copies { get; }

    /// <summary>All nodes.</summary>
    public IReadOnlyList<IShardNode> All { get; }

    /// <summary>Buckets that are to be on a certain node.</summary>
    public IReadOnlyDictionary<int, string> Pins { get; }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var node in All)
            node.Dispose();
    }
}
