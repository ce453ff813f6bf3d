using RecSys.Cluster.Buckets;
using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests.Buckets;

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
                long place = buckets.KeyOf(row);
                Assert.InRange(bucket, 0, bucketCount - 1);
                Assert.InRange(place, 0, buckets.RowCountOf(bucket) - 1);
                Assert.Equal(row, buckets.PartOf(bucket).Numbers.Of(place));
                Assert.True(places.Add((bucket, place)));
            }

            Assert.Equal(rowCount, Enumerable.Range(0, bucketCount).Sum(buckets.RowCountOf));
        }
    }

    [Theory]
    [InlineData(1, 16, 1)]
    [InlineData(100, 16, 7)]
    [InlineData(1600, 16, 100)]
    [InlineData(1601, 1, 1601)]
    public void Growing_AnyId_IsItsOwnKeyInABucketWithAnEqualShare(long rowCount, int bucketCount, long share)
    {
        var options = new GrowingOptions { Admission = AdmissionPolicy.Count(2, 33) };
        var buckets = new TableBuckets(new TableSpec("a", rowCount, 4, Initializer.Zero) { Growing = options }, bucketCount);
        var other = new TableBuckets(new TableSpec("b", rowCount, 4, Initializer.Zero) { Growing = options }, bucketCount);
        int[] counts = new int[bucketCount];
        foreach (long id in (long[])[long.MinValue, -1, 0, .. Enumerable.Range(1, 100 * bucketCount).Select(i => (long)i), long.MaxValue])
        {
            Assert.Equal(id, buckets.KeyOf(id));
            counts[buckets.BucketOf(id)]++;
        }

        Assert.All(counts, c => Assert.InRange(c, 60, 1700));
        Assert.All(Enumerable.Range(0, bucketCount), b => Assert.Equal(share, buckets.PartOf(b).RowCount));
        Assert.Equal((33 + bucketCount - 1) / bucketCount, buckets.PartOf(0).Growing!.Admission.Candidates);
        Assert.Equal(bucketCount == 1, Enumerable.Range(0, 1000).All(id => buckets.BucketOf(id) == other.BucketOf(id)));
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
