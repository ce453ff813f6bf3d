namespace RecSys.Cluster.Tests.Http;

public sealed class Http1ShardNodeTests : ShardNodeSuite
{
    private protected override int BrokenRequestCount => 1_000;

    private protected override async Task<TestNodes> StartAsync(int count) => await TestHosts.StartAsync("http1", count);
}
