using RecSys.Cluster.Client;

namespace RecSys.Cluster.Tests.Client;

public sealed class RowCacheTests
{
    private readonly ShardedModel _model = TestModels.Create();

    // Against a dictionary: what is here has the last value that came in, and never more rows than there is room for.
    [Theory]
    [InlineData(4_000)]
    [InlineData(40_000)]
    [InlineData(10_000_000)]
    public void AddReadRemove_Random_IsWhatCameInLast(long byteCount)
    {
        var cache = new RowCache(_model, byteCount);
        Dictionary<(int Table, long Row), float> last = [];
        var random = new Random(3);
        float number = 0;
        int hits = 0;
        int[] tables = [2, 3, 4];
        for (int i = 0; i < 50_000; i++)
        {
            int table = tables[random.Next(tables.Length)];
            long row = (long)(_model.Tables[table].RowCount * Math.Pow(random.NextDouble(), 3));
            float[] values = new float[_model.Tables[table].Width];
            List<int> missing = [];
            cache.Read(table, [row], values, missing);
            if (missing.Count == 0)
            {
                hits++;
                Assert.All(values, v => Assert.Equal(last[(table, row)], v));
            }
            else
            {
                Array.Fill(values, ++number);
                last[(table, row)] = number;
                cache.Add(table, row, values, cache.Version);
            }

            if (random.Next(10) == 0)
                cache.Remove(table, [row]);
            if (random.Next(1000) == 0)
                cache.RemoveBucket(_model, random.Next(16));
        }

        Assert.Equal((hits, 50_000 - hits), (cache.Hits, cache.Misses));
        Assert.InRange(hits, byteCount < 10_000 ? 1 : 10_000, 50_000);
    }

    [Fact]
    public void Remove_IsGone()
    {
        var cache = new RowCache(_model, 1 << 20);
        long version = cache.Version;
        cache.Add(2, 7, new float[8], version);
        cache.Add(2, 8, new float[8], version);
        Assert.Equal([], Missing(cache, 7, 8));
        cache.Remove(2, [7]);
        Assert.Equal([0], Missing(cache, 7, 8));
        cache.RemoveBucket(_model, _model.BucketsOf(2).BucketOf(8));
        Assert.Equal([0, 1], Missing(cache, 7, 8));

        // Read before it was forgotten: too late.
        cache.Add(2, 7, new float[8], version);
        Assert.Equal([0, 1], Missing(cache, 7, 8));
    }

    // Rows that come back stay when many pass by once.
    [Fact]
    public void Read_FrequentRows_Stay()
    {
        var cache = new RowCache(_model, 60_000);
        for (int i = 0; i < 20_000; i++)
        {
            long row = i % 2 == 0 ? i / 2 % 50 : 100 + (i * 7919L % 900);
            if (Missing(cache, row).Count > 0)
                cache.Add(2, row, new float[8], cache.Version);
        }

        Assert.InRange(Missing(cache, [.. Enumerable.Range(0, 50).Select(r => (long)r)]).Count, 0, 5);
    }

    private static List<int> Missing(RowCache cache, params long[] rows)
    {
        List<int> missing = [];
        cache.Read(2, rows, new float[8 * rows.Length], missing);
        return missing;
    }
}
