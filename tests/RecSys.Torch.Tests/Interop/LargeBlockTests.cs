using RecSys.Torch.Interop;

namespace RecSys.Torch.Tests.Interop;

// The counts are of the whole process.
[CollectionDefinition(nameof(LargeBlockTests), DisableParallelization = true)]
[Collection(nameof(LargeBlockTests))]
public sealed class LargeBlockTests
{
    private const long ElementCount = 10_000_000;

    [Fact]
    public void Free_LargeTensor_IsKeptForTheNextOfAboutItsSize()
    {
        var first = torch.empty([ElementCount]);
        var full = NativeMethods.LargeBlocks();
        first.Dispose();
        var empty = NativeMethods.LargeBlocks();
        using var second = torch.empty([ElementCount - 100_000]);
        var again = NativeMethods.LargeBlocks();

        Assert.InRange(full.Used - empty.Used, ElementCount * sizeof(float), ElementCount * sizeof(float) * 9 / 8);
        Assert.Equal(full.Used - empty.Used, empty.Kept - full.Kept);
        Assert.Equal((full.Used, full.Kept), (again.Used, again.Kept));
    }

    [Fact]
    public void Allocate_SmallTensor_IsNotAmongThem()
    {
        var before = NativeMethods.LargeBlocks();

        using var small = torch.empty([1 << 20]);

        Assert.Equal(before, NativeMethods.LargeBlocks());
    }

    [Fact]
    public void Allocate_TensorsOfOtherSizes_KeepsAQuarterAboveThePeakAtMost()
    {
        for (long count = ElementCount; count < 5 * ElementCount; count += ElementCount / 2)
        {
            torch.empty([count]).Dispose();

            var (used, kept, peak) = NativeMethods.LargeBlocks();
            Assert.InRange(used + kept, 0, peak + (peak / 4));
        }
    }

    [Fact]
    public void Allocate_MoreThanThereIs_FailsAndCountsNothing()
    {
        torch.empty([ElementCount]).Dispose();
        var before = NativeMethods.LargeBlocks();

        Assert.Throws<TorchException>(() => torch.empty([1L << 50]));

        var after = NativeMethods.LargeBlocks();
        Assert.Equal((before.Used, before.Peak), (after.Used, after.Peak));
    }

    // A block that two tensors had at once would show the other's number.
    [Fact]
    public async Task Allocate_FromManyThreads_EveryTensorHasItsOwnMemory()
    {
        await Task.WhenAll(Enumerable.Range(1, 4).Select(thread => Task.Run(() =>
        {
            var random = new Random(thread);
            Tensor? before = null;
            for (int i = 0; i < 30; i++)
            {
                var tensor = torch.full([ElementCount + random.Next(10_000_000)], thread);
                Assert.Equal(thread, tensor.mean().item<float>(), 1e-3f);
                if (before is not null)
                    Assert.Equal(thread, before.max().item<float>());
                before?.Dispose();
                before = tensor;
            }

            before?.Dispose();
        })));
    }
}
