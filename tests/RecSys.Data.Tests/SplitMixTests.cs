namespace RecSys.Data.Tests;

public sealed class SplitMixTests
{
    [Fact]
    public void Next_KnownSeed_GivesThePublishedNumbers()
    {
        // The first numbers of the reference implementation for seed 1234567.
        var random = new SplitMix(1234567);

        Assert.Equal(6457827717110365317UL, random.Next());
        Assert.Equal(3203168211198807973UL, random.Next());
        Assert.Equal(9817491932198370423UL, random.Next());
    }

    [Fact]
    public void NextNormal_HasMeanZeroAndDeviationOne()
    {
        var random = new SplitMix(3);
        double[] values = [.. Enumerable.Range(0, 50_000).Select(_ => random.NextNormal())];

        Assert.Equal(0, values.Average(), 0.02);
        Assert.Equal(1, values.Average(value => value * value), 0.03);
    }

    [Fact]
    public void Shuffle_ReachesEveryOrderAboutEquallyOften()
    {
        var random = new SplitMix(4);
        var counts = new Dictionary<(int, int, int), int>();
        for (int i = 0; i < 6000; i++)
        {
            int[] values = [1, 2, 3];
            random.Shuffle(values);
            var key = (values[0], values[1], values[2]);
            counts[key] = counts.GetValueOrDefault(key) + 1;
        }

        Assert.Equal(6, counts.Count);
        Assert.All(counts.Values, count => Assert.InRange(count, 850, 1150));
    }
}
