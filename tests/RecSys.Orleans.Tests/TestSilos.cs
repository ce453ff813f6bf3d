using Microsoft.Extensions.DependencyInjection;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.TestingHost;
using RecSys.Cluster;
using RecSys.Cluster.Tests;

namespace RecSys.Orleans.Tests;

/// <summary>Bucket groups on silos in this process, and a client beside them.</summary>
internal sealed class TestSilos : TestNodes
{
    private TestSilos(InProcessTestCluster cluster, IReadOnlyList<IShardNode> nodes)
    {
        Cluster = cluster;
        Nodes = nodes;
    }

    public InProcessTestCluster Cluster { get; }

    public override IReadOnlyList<IShardNode> Nodes { get; }

    /// <summary>Starts silos.</summary>
    /// <param name="options">Settings of the groups.</param>
    /// <param name="siloCount">Silos.</param>
    /// <param name="largestMessage">Most bytes of a message.</param>
    public static async Task<TestSilos> StartAsync(ShardGroupOptions options, short siloCount = 2, int largestMessage = 100 << 20)
    {
        var builder = new InProcessTestClusterBuilder(siloCount);
        builder.Options.ConfigureFileLogging = false;
        builder.ConfigureSilo((_, silo) => silo.AddRecSysShards(options).Configure<SiloMessagingOptions>(o => o.MaxMessageBodySize = largestMessage));
        // What was on its way to a silo that goes is not answered, and sent again after this time.
        builder.ConfigureClient(client => client.AddRecSysShards().Configure<ClientMessagingOptions>(o => o.ResponseTimeout = TimeSpan.FromSeconds(2)));
        var cluster = builder.Build();
        await cluster.DeployAsync();
        return new TestSilos(cluster, await cluster.Client.GetRecSysShardsAsync());
    }

    public override async ValueTask DisposeAsync()
    {
        await Cluster.StopAllSilosAsync();
        await Cluster.DisposeAsync();
    }
}
