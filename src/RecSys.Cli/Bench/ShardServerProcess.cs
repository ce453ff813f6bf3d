using RecSys.Cluster.Http;

namespace RecSys.Cli.Bench;

/// <summary><c>recsys cluster serve-shard</c> as a process.</summary>
/// <param name="name">Name of the node.</param>
/// <param name="args">Further arguments.</param>
internal sealed class ShardServerProcess(string name, params string[] args) : ServerProcess(["cluster", "serve-shard", "--name", name, "--url", AnyPort, .. args])
{
    /// <summary>A client of its own.</summary>
    /// <param name="protocol">What the server speaks.</param>
    public HttpShardNode Connect(ShardProtocol protocol = ShardProtocol.Http2) => new(name, Url, new HttpShardNodeOptions { Protocol = protocol });
}
