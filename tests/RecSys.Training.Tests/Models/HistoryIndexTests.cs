using RecSys.Torch;
using RecSys.Training.Models;

namespace RecSys.Training.Tests.Models;

[Collection(TinyCollection.Name)]
public sealed class HistoryIndexTests
{
    // Histories of 2, 0, 3 and 1 behaviours.
    private static readonly long[] s_offsets = [0, 2, 2, 5, 6];

    [Fact]
    public void Index_KnowsPositionsAndWhatFollows()
    {
        using var scope = torch.NewDisposeScope();
        var index = new HistoryIndex(torch.tensor(s_offsets));

        Assert.Equal(4, index.SampleCount);
        Assert.Equal([2, 1, 2, 2, 1, 1], index.Positions(2).ToArray<long>());
        Assert.Equal([0, 2, 3], index.WithNext);
    }

    [Fact]
    public void Pack_GoesStepByStep_LongHistoriesFirst()
    {
        using var scope = torch.NewDisposeScope();
        var packed = new PackedHistory(new HistoryIndex(torch.tensor(s_offsets)));

        Assert.Equal([3, 2, 1], packed.Counts);
        Assert.Equal([2, 0, 5, 3, 1, 4], packed.Order.ToArray<long>());
        Assert.Equal([1, 4, 0, 3, 5, 2], packed.Inverse.ToArray<long>());
        Assert.Equal([50f, 0, 60f, 30f], packed.Last(torch.tensor([10f, 20f, 30f, 40f, 50f, 60f], [6, 1])).ToArray<float>());
    }

    [Fact]
    public void Recurrence_NoBehaviours_LeavesZeros()
    {
        using var scope = torch.NewDisposeScope();
        using var layer = new GatedRecurrence(3, 2);
        var index = new HistoryIndex(torch.tensor([0L, 0, 0]));

        var packed = new PackedHistory(index);
        var states = layer.Forward(packed, torch.zeros([0, 3]));

        Assert.Equal([0, 2], states.shape);
        Assert.Equal([0, 0, 0, 0], packed.Last(states).ToArray<float>());
    }
}
