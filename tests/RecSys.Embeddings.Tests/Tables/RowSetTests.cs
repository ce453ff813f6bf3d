using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Tables;

public sealed class RowSetTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(63)]
    [InlineData(64)]
    [InlineData(65)]
    [InlineData(1000)]
    public void Add_RandomRows_AreThereOnceAscending(int rowCount)
    {
        var random = new Random(rowCount);
        var set = new RowSet(rowCount);
        var expected = new SortedSet<long>();
        Assert.True(set.IsEmpty);
        Assert.Empty(RowsOf(set));
        for (int round = 0; round < 20; round++)
        {
            long[] rows = [random.Next(rowCount), random.Next(rowCount), rowCount - 1];
            set.Add(rows);
            expected.UnionWith(rows);
            Assert.Equal(expected, RowsOf(set));
            Assert.Equal(expected, set.ToArray());
            Assert.Equal(expected.Count, set.Count);
            Assert.False(set.IsEmpty);
        }

        set.AddAll();
        Assert.Equal(Enumerable.Range(0, rowCount).Select(r => (long)r), set.ToArray());
        set.Clear();
        Assert.True(set.IsEmpty);
        Assert.Equal((rowCount + 63) / 64 * 8, set.ByteCount);
    }

    private static List<long> RowsOf(RowSet set)
    {
        List<long> rows = [];
        foreach (long row in set)
            rows.Add(row);
        return rows;
    }
}
