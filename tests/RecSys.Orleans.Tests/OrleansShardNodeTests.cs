using RecSys.Cluster.Tests;

namespace RecSys.Orleans.Tests;

public sealed class OrleansShardNodeTests : ShardNodeSuite
{
    private protected override async Task<TestNodes> StartAsync(int count) => await TestSilos.StartAsync(new ShardGroupOptions { GroupCount = count });
}
