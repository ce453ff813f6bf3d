namespace RecSys.Cluster.Tests;

/// <summary>Nodes in some host.</summary>
internal abstract class TestNodes : IAsyncDisposable
{
    /// <summary>The nodes as clients see them.</summary>
    public abstract IReadOnlyList<IShardNode> Nodes { get; }

    public abstract ValueTask DisposeAsync();
}
