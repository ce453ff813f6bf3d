namespace RecSys.Cluster.Tests;

public sealed class ShardNodeTests : ShardNodeSuite
{
    private protected override int BrokenRequestCount => 10_000;

    private protected override async Task<TestNodes> StartAsync(int count) => await TestHosts.StartAsync("in_process", count);

    [Fact]
    public async Task Create_MoreThanTheNodeMayHold_IsRefusedUntilThereIsRoom()
    {
        var first = TestModels.Create(name: "first");
        var second = TestModels.Create(name: "second");
        using var node = new ShardNode("node") { MaxBytes = (long)(1.5 * first.ByteCount) };
        int[] all = [.. Enumerable.Range(0, first.BucketCount)];
        await node.CreateAsync(first, all, 1, CancellationToken.None);

        var refused = await Assert.ThrowsAsync<ShardException>(() => node.CreateAsync(second, all, 1, CancellationToken.None));
        await node.CreateAsync(second, all[..4], 1, CancellationToken.None);
        await node.CreateAsync(first, all, 2, CancellationToken.None);
        await node.DeleteAsync("first", CancellationToken.None);
        await node.CreateAsync(second, all, 2, CancellationToken.None);

        Assert.Equal(ShardErrorKind.Invalid, refused.Kind);
        Assert.Contains($"left of {node.MaxBytes}", refused.Message, StringComparison.Ordinal);
    }
}
