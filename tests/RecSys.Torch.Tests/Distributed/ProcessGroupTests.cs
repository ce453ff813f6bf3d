using System.Collections.Concurrent;
using System.Globalization;

namespace RecSys.Torch.Tests.Distributed;

/// <summary>Collectives of ranks that are processes of their own.</summary>
public sealed class ProcessGroupTests
{
    // What each rank of a world size printed: the processes are started once for all tests.
    private static readonly ConcurrentDictionary<int, Lazy<string[][]>> s_outputs = new();

    public static TheoryData<int> WorldSizes => [1, 2, 3];

    [Theory]
    [MemberData(nameof(WorldSizes))]
    public void AllReduce_OneTensor_IsTheSum(int worldSize)
    {
        double ranks = Enumerable.Range(0, worldSize).Sum();
        foreach (string[] lines in Outputs(worldSize))
        {
            Assert.Equal([worldSize + ranks, -0.5 * ranks, 4 * worldSize], Numbers(lines, "float32"));
            double[] wide = Numbers(lines, "float64");
            Assert.Equal(1e-300 * (worldSize + ranks), wide[0], 1e-310);
            Assert.Equal(ranks, wide[1]);
            long[] whole = [.. Words(lines, "int64").Select(word => long.Parse(word, CultureInfo.InvariantCulture))];
            Assert.Equal([(worldSize * (1L << 60)) + (long)ranks, -(long)ranks], whole);
            Assert.Equal([.. Enumerable.Range(1, 6).Select(number => (double)number * worldSize)], Numbers(lines, "turned"));
        }
    }

    [Theory]
    [MemberData(nameof(WorldSizes))]
    public void AllReduce_NumbersThatRound_GivesEveryRankTheSameBits(int worldSize)
        => Assert.Single(Outputs(worldSize).Select(lines => Words(lines, "bits")[0]).Distinct());

    [Theory]
    [MemberData(nameof(WorldSizes))]
    public void AllReduce_ManyTensorsOfSeveralTypes_IsTheSumOfEach(int worldSize)
    {
        double[] expected = new double[RankProgram.TensorCount];
        for (int i = 0; i < expected.Length; i++)
            expected[i] = i % 7 == 0 ? 0 : Enumerable.Range(0, worldSize).Sum(rank => RankProgram.Element(rank, i));
        foreach (string[] lines in Outputs(worldSize))
            Assert.Equal(expected, Numbers(lines, "many"));
    }

    [Theory]
    [MemberData(nameof(WorldSizes))]
    public void Broadcast_FromEachRank_GivesItsTensors(int worldSize)
    {
        foreach (string[] lines in Outputs(worldSize))
        {
            for (int root = 0; root < worldSize; root++)
                Assert.Equal([100.0 * root, root % 2 == 0 ? 1 : 0, root], Numbers(lines, $"broadcast{root}"));
        }
    }

    [Theory]
    [MemberData(nameof(WorldSizes))]
    public void AllToAll_SlicesOfManySizes_GivesWhatEachRankHasSent(int worldSize)
    {
        foreach ((int rank, string[] lines) in Outputs(worldSize).Index())
        {
            double[] expected = [.. Enumerable.Range(0, worldSize).SelectMany(from => Enumerable.Range(0, 2 * (rank + from)).Select(i => (double)RankProgram.ExchangedElement(from, rank, i)))];
            Assert.Equal(expected, worldSize == 1 ? [] : Numbers(lines, "exchange"));
            Assert.Contains("0 rows, but its slices have 1", string.Join(' ', Words(lines, "short")), StringComparison.Ordinal);
        }
    }

    [Theory]
    [MemberData(nameof(WorldSizes))]
    public void Barrier_OneRankLate_HoldsTheOthersBack(int worldSize)
    {
        string[][] outputs = Outputs(worldSize);
        for (int i = 0; i < RankProgram.BarrierCount; i++)
        {
            double lastBefore = outputs.Max(lines => Numbers(lines, "before", i)[0]);
            Assert.All(outputs, lines => Assert.True(Numbers(lines, "after", i)[0] >= lastBefore));
        }
    }

    [Theory]
    [MemberData(nameof(WorldSizes))]
    public void AllReduce_TypeThatIsNotAdded_IsRefusedAndTheGroupGoesOn(int worldSize)
    {
        foreach (string[] lines in Outputs(worldSize))
            Assert.Contains("valid: float32", string.Join(' ', Words(lines, "refused")), StringComparison.Ordinal);
    }

    private static string[][] Outputs(int worldSize) => s_outputs.GetOrAdd(worldSize, size => new(() => Run(size))).Value;

    private static string[][] Run(int worldSize)
    {
        RankProcess[] ranks = RankProcess.StartAll("collectives", worldSize, timeoutSeconds: 60);
        try
        {
            return [.. ranks.Select(rank => rank.ReadToEnd())];
        }
        finally
        {
            foreach (RankProcess rank in ranks)
                rank.Dispose();
        }
    }

    private static string[] Words(string[] lines, string name, int index = 0)
        => lines.Where(line => line.StartsWith(name + ' ', StringComparison.Ordinal)).ElementAt(index).Split(' ')[1..];

    private static double[] Numbers(string[] lines, string name, int index = 0)
        => [.. Words(lines, name, index).Select(word => double.Parse(word, CultureInfo.InvariantCulture))];
}
