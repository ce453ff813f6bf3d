namespace RecSys.Cluster.Tests.Http;

public sealed class Http2ShardNodeTests : ShardNodeSuite
{
    private protected override async Task<TestNodes> StartAsync(int count) => await TestHosts.StartAsync("http", count);
}
