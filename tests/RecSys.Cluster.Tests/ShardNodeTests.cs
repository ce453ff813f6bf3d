namespace RecSys.Cluster.Tests;

public sealed class ShardNodeTests : ShardNodeSuite
{
    private protected override int BrokenRequestCount => 10_000;

    private protected override async Task<TestNodes> StartAsync(int count) => await TestHosts.StartAsync("in_process", count);
}
