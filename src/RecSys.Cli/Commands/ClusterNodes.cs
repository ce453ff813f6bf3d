using RecSys.Cluster;

namespace RecSys.Cli.Commands;

/// <summary>Clients of the nodes of a configuration.</summary>
/// <param name="owners">Nodes that own buckets.</param>
/// <param name="copies">Nodes that hold copies only.</param>
internal sealed class ClusterNodes(IReadOnlyList<IShardNode> owners, IReadOnlyList<IShardNode> copies) : IDisposable
{
    /// <summary>Nodes that own buckets.</summary>
    public IReadOnlyList<IShardNode> Owners { get; } = owners;

    /// <summary>Nodes that hold copies only.</summary>
    public IReadOnlyList<IShardNode> Copies { get; } = copies;

    /// <summary>All nodes.</summary>
    public IReadOnlyList<IShardNode> All { get; } = [.. owners, .. copies];

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var node in All)
            node.Dispose();
    }
}
