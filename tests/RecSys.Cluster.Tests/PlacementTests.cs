namespace RecSys.Cluster.Tests;

public sealed class PlacementTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void Place_Nodes_HoldTheSameNumberOfBuckets(int nodeCount)
    {
        int[] placed = Placement.Place("model", 256, Names(nodeCount));

        Assert.All(Enumerable.Range(0, nodeCount), n => Assert.InRange(placed.Count(p => p == n), 256 / nodeCount, (256 / nodeCount) + 1));
    }

    [Fact]
    public void Place_OrderOfNodes_DoesNotMatter()
    {
        string[] names = Names(5);
        string[] reversed = [.. names.Reverse()];

        Assert.Equal(Placement.Place("m", 256, names).Select(n => names[n]), Placement.Place("m", 256, reversed).Select(n => reversed[n]));
    }

    // Going from N to N + 1 nodes, 1 of N + 1 buckets has to move; the bound on the load moves some more.
    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(7)]
    public void Place_OneNodeMore_MovesFewBuckets(int nodeCount)
    {
        int[] before = Placement.Place("m", 256, Names(nodeCount));
        int[] after = Placement.Place("m", 256, Names(nodeCount + 1));

        Assert.InRange(before.Zip(after).Count(p => p.First != p.Second), 256 / (nodeCount + 1), 2 * 256 / (nodeCount + 1));
    }

    // Pinned buckets are where they are wanted, and the others make up for it as far as they can.
    [Theory]
    [InlineData(10, 64)]
    [InlineData(64, 64)]
    [InlineData(100, 52)]
    [InlineData(256, 0)]
    public void Place_Pins_AreKept(int pinned, int others)
    {
        var pins = Enumerable.Range(0, pinned).ToDictionary(b => b, _ => "node-2");
        pins.TryAdd(255, "gone");

        int[] placed = Placement.Place("m", 256, Names(4), pins);

        Assert.All(pins.Where(p => p.Value == "node-2"), p => Assert.Equal(2, placed[p.Key]));
        Assert.All([0, 1, 3], n => Assert.InRange(placed.Count(p => p == n), others - 1, others + 1));
    }

    [Fact]
    public void Place_NoNodesOrEqualNames_IsRefused()
    {
        Assert.Throws<ArgumentException>(() => Placement.Place("m", 256, []));
        Assert.Throws<ArgumentException>(() => Placement.Place("m", 256, ["a", "a"]));
    }

    private static string[] Names(int count) => [.. Enumerable.Range(0, count).Select(n => $"node-{n}")];
}
