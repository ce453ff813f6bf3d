using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Tables;

public sealed class RowIndexerTests
{
    [Theory]
    [InlineData(1, 50)]
    [InlineData(2, 5_000)]
    [InlineData(3, 1_000_000_000_000)]
    public void Add_RandomKeysInRandomRuns_AgreesWithADictionary(int seed, long keyCount)
    {
        var random = new Random(seed);
        var indexer = new RowIndexer();
        var model = new Dictionary<long, int>();
        var order = new List<long>();
        for (int operations = 0; operations < 100_000;)
        {
            if (random.Next(50) == 0)
            {
                indexer.Clear();
                model.Clear();
                order.Clear();
            }

            long[] keys = [.. Enumerable.Range(0, random.Next(1000)).Select(_ => random.NextInt64(keyCount))];
            int[] places = new int[keys.Length];
            indexer.Add(keys, places);
            operations += keys.Length;
            for (int i = 0; i < keys.Length; i++)
            {
                if (model.TryAdd(keys[i], order.Count))
                    order.Add(keys[i]);
                Assert.Equal(model[keys[i]], places[i]);
            }

            Assert.Equal(order, indexer.Keys.ToArray());
            Assert.Equal(order.Count, indexer.Count);
        }
    }

    [Fact]
    public void Add_ExtremeKeys_AreKeysLikeOthers()
    {
        var indexer = new RowIndexer();
        int[] places = new int[6];

        indexer.Add([long.MaxValue, 0, long.MaxValue - 1, 0, 1L << 40, long.MaxValue], places);

        Assert.Equal([0, 1, 2, 1, 3, 0], places);
        Assert.Equal([long.MaxValue, 0, long.MaxValue - 1, 1L << 40], indexer.Keys.ToArray());
    }

    [Fact]
    public void Clear_ManyTimes_NeverRemembersAKey()
    {
        var indexer = new RowIndexer();
        int[] place = [-1];
        for (int round = 0; round < 10_000; round++)
        {
            indexer.Add([round % 7], place);
            Assert.Equal(0, place[0]);
            indexer.Clear();
            Assert.Equal(0, indexer.Count);
        }
    }

    [Fact]
    public void Clear_GenerationsUsedUp_NeverRemembersAKey()
    {
        var indexer = new RowIndexer();
        int[] places = new int[3];
        indexer.Add([5, 6, 7], places);
        indexer.Generation = uint.MaxValue;

        // The counter starts over and meets the slots of its first round.
        for (int round = 0; round < 3; round++)
        {
            indexer.Clear();
            indexer.Add([7, 6, 5], places);

            Assert.Equal([0, 1, 2], places);
            Assert.Equal([7, 6, 5], indexer.Keys.ToArray());
        }
    }

    [Fact]
    public void Add_SameSizeAgain_AllocatesNothing()
    {
        var indexer = new RowIndexer();
        long[] keys = [.. Enumerable.Range(0, 10_000).Select(i => (long)i * i)];
        int[] places = new int[keys.Length];
        indexer.Add(keys, places);
        indexer.Clear();

        long before = GC.GetAllocatedBytesForCurrentThread();
        indexer.Add(keys, places);

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
