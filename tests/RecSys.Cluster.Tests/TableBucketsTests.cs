using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

public sealed class TableBucketsTests
{
    [Theory]
    [InlineData(1, 16)]
    [InlineData(15, 16)]
    [InlineData(1000, 16)]
    [InlineData(1000, 1)]
    [InlineData(4096, 256)]
    public void BucketOf_EveryRow_IsOncePerBucketAndPlace(long rowCount, int bucketCount)
    {
        foreach (string name in new[] { "a", "b", "c" })
        {
            var buckets = new TableBuckets(new TableSpec(name, rowCount, 4, Initializer.Zero), bucketCount);
            var places = new HashSet<(int, long)>();
            for (long row = 0; row < rowCount; row++)
            {
                int bucket = buckets.BucketOf(row);
                long place = buckets.PlaceOf(row);
                Assert.InRange(bucket, 0, bucketCount - 1);
                Assert.InRange(place, 0, buckets.RowCountOf(bucket) - 1);
                Assert.Equal(row, buckets.PartOf(bucket).Numbers.Of(place));
                Assert.True(places.Add((bucket, place)));
            }

            Assert.Equal(rowCount, Enumerable.Range(0, bucketCount).Sum(buckets.RowCountOf));
        }
    }

    [Fact]
    public void BucketOf_FirstRows_AreInDifferentBuckets()
    {
        var tables = Enumerable.Range(0, 64).Select(t => new TableBuckets(new TableSpec($"table {t}", 1000, 4, Initializer.Zero), 256)).ToList();

        Assert.All(tables, t => Assert.Equal(256, Enumerable.Range(0, 256).Select(r => t.BucketOf(r)).Distinct().Count()));
        Assert.InRange(tables.Select(t => t.BucketOf(0)).Distinct().Count(), 32, 64);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(3)]
    [InlineData(1 << 17)]
    public void Constructor_NoPowerOfTwo_SaysWhatIsValid(int count)
        => Assert.Contains("power of two", Assert.Throws<ArgumentOutOfRangeException>(() => new TableBuckets(new TableSpec("t", 1, 1, Initializer.Zero), count)).Message, StringComparison.Ordinal);
}
