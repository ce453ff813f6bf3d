using RecSys.Embeddings.Kernels;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class KMeansTests
{
    private const int Rounds = 20;

    [Theory]
    [InlineData(1)]
    [InlineData(3)]
    [InlineData(4)]
    public void Of_ClustersFarApart_FindsThem(int width)
    {
        var random = new Random(1);
        float[] points = [.. Enumerable.Range(0, 600 * width).Select(i => (i / width % 6 * 10) + (random.NextSingle() * 0.1f))];

        KMeans means = KMeans.Of(points, width, count: 60, seed: 2, Rounds, threadCount: 2);

        int[] nearest = Nearest(means, points, width).Nearest;
        for (int i = 0; i < nearest.Length; i++)
            Assert.InRange(means.Centroids[nearest[i] * width], i % 6 * 10, (i % 6 * 10) + 0.1);
    }

    [Theory]
    [InlineData(7, 20)]
    [InlineData(20, 20)]
    public void Of_NoMoreDistinctPointsThanCentroids_EveryPointIsACentroid(int distinct, int count)
    {
        float[] values = Normal(distinct * 3, seed: 3);
        float[] points = [.. Enumerable.Range(0, 500).SelectMany(i => values.Skip(i * 11 % distinct * 3).Take(3))];

        KMeans means = KMeans.Of(points, 3, count, seed: 4, Rounds, threadCount: 2);

        var (nearest, distances) = Nearest(means, points, 3);
        Assert.All(distances, d => Assert.Equal(0, d));
        for (int i = 0; i < points.Length; i++)
            Assert.Equal(points[i], means.Centroids[(nearest[i / 3] * 3) + (i % 3)]);
        Assert.All(means.Centroids, c => Assert.True(float.IsFinite(c)));
    }

    // Half of the points are one and the same: most centroids drawn lie elsewhere, and lose their points on the way.
    [Fact]
    public void Of_ManyRounds_LeavesNoCentroidWithoutPoints()
    {
        float[] points = [.. Normal(500, seed: 5), .. new float[500]];

        KMeans means = KMeans.Of(points, 1, count: 50, seed: 6, rounds: 200, threadCount: 1);

        Assert.Equal(50, Nearest(means, points, 1).Nearest.Distinct().Count());
    }

    [Fact]
    public void Of_MoreRounds_BringPointsNearer()
    {
        float[] points = Normal(4 * 3000, seed: 7);

        double once = Nearest(KMeans.Of(points, 4, 40, seed: 8, rounds: 1, threadCount: 2), points, 4).Distances.Sum();
        double often = Nearest(KMeans.Of(points, 4, 40, seed: 8, Rounds, threadCount: 2), points, 4).Distances.Sum();

        Assert.InRange(often, 0, 0.95 * once);
    }

    [Fact]
    public void Of_AnyNumberOfThreads_GivesTheSameBits()
    {
        float[] points = Normal(4 * 3000, seed: 9);

        KMeans alone = KMeans.Of(points, 4, 100, seed: 10, Rounds, threadCount: 1);
        KMeans many = KMeans.Of(points, 4, 100, seed: 10, Rounds, threadCount: 8);

        Assert.Equal(alone.Centroids, many.Centroids);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(37)]
    [InlineData(2500)]
    public void Nearest_AnyNumberOfCentroids_IsTheFirstOfTheNearest(int count)
    {
        const int Width = 5;
        float[] points = Normal(Width * 3000, seed: 11);
        KMeans means = KMeans.Of(points, Width, count, seed: 12, rounds: 1, threadCount: 2);

        var (nearest, distances) = Nearest(means, points, Width);

        for (int i = 0; i < nearest.Length; i += 71)
        {
            double[] expected = [.. Enumerable.Range(0, count).Select(c => Enumerable.Range(0, Width).Sum(j => Math.Pow(points[(i * Width) + j] - (double)means.Centroids[(c * Width) + j], 2)))];
            Assert.Equal(expected.Min(), distances[i], 1e-4);
            Assert.Equal(expected.Min(), expected[nearest[i]], 1e-5);
        }
    }

    [Fact]
    public void Nearest_CentroidsThatAreTheSame_IsTheFirst()
    {
        KMeans means = KMeans.Of([1f, 2f, 1f, 2f], 2, count: 3, seed: 13, Rounds, threadCount: 1);

        Assert.Equal([1f, 2f, 1f, 2f, 1f, 2f], means.Centroids);
        Assert.Equal([0, 0], Nearest(means, [1f, 2f, 5f, 5f], 2).Nearest);
    }

    private static (int[] Nearest, float[] Distances) Nearest(KMeans means, float[] points, int width)
    {
        var nearest = new int[points.Length / width];
        var distances = new float[nearest.Length];
        means.Nearest(points, nearest, distances, threadCount: 2);
        return (nearest, distances);
    }

    private static float[] Normal(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() + random.NextDouble() + random.NextDouble() - 1.5))];
    }
}
