namespace RecSys.Cluster.Tests.Http;

public sealed class Http1ShardNodeTests : ShardNodeSuite
{
    private protected override async Task<TestNodes> StartAsync(int count) => await TestHosts.StartAsync("http1", count);
}
