using RecSys.Cluster.Http;

namespace RecSys.Cluster.Tests;

/// <summary>Nodes in every host that there is.</summary>
internal sealed class TestHosts : IAsyncDisposable
{
    private readonly List<ShardServer> _servers = [];
    private readonly List<ShardNode> _local = [];
    private readonly List<IShardNode> _nodes = [];

    /// <summary>Names of the hosts.</summary>
    public static TheoryData<string> Names => ["in_process", "http", "http1"];

    /// <summary>The nodes as clients see them.</summary>
    public IReadOnlyList<IShardNode> Nodes => _nodes;

    /// <summary>The nodes behind their host.</summary>
    public IReadOnlyList<ShardNode> Local => _local;

    public static async Task<TestHosts> StartAsync(string host, int count)
    {
        var hosts = new TestHosts();
        var protocol = host == "http1" ? ShardProtocol.Http1 : ShardProtocol.Http2;
        for (int n = 0; n < count; n++)
        {
            var node = new ShardNode($"node-{n}");
            hosts._local.Add(node);
            if (host == "in_process")
            {
                hosts._nodes.Add(node);
                continue;
            }

            var server = await ShardServer.StartAsync(node, new ShardServerOptions { Name = node.Name, Url = "http://127.0.0.1:0", Protocol = protocol });
            hosts._servers.Add(server);
            hosts._nodes.Add(new HttpShardNode(node.Name, server.Url, new HttpShardNodeOptions { Protocol = protocol }));
        }

        return hosts;
    }

    /// <summary>Ends the server of a node.</summary>
    public Task StopAsync(int node) => _servers[node].StopAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var node in _nodes)
            node.Dispose();
        foreach (var server in _servers)
            await server.DisposeAsync();
        foreach (var node in _local)
            node.Dispose();
    }
}
