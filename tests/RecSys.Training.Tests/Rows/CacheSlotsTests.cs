using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

public sealed class CacheSlotsTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    [InlineData(47)]
    [InlineData(200)]
    public void Admit_AnyRows_MovesMatchTheSlotsAndSpareTheLastTwoBatches(int count)
    {
        const int RowCount = 150;
        using var slots = new CacheSlots(RowCount, count);
        var random = new Random(count);
        Dictionary<long, long> rowOf = [];
        long[] before = [];
        for (int step = 0; step < 300; step++)
        {
            long[] rows = [.. Enumerable.Range(0, random.Next(30)).Select(_ => random.NextInt64(random.Next(1, RowCount))).Distinct()];

            var moves = slots.Admit(rows);

            foreach ((long row, long slot) in moves.OutRows.Zip(moves.OutSlots))
            {
                Assert.True(rowOf.Remove(slot, out long was));
                Assert.Equal(was, row);
                Assert.DoesNotContain(row, rows);
                Assert.DoesNotContain(row, before);
            }

            foreach ((long row, long slot) in moves.InRows.Zip(moves.InSlots))
            {
                Assert.Contains(row, rows);
                Assert.InRange(slot, 0, count - 1);
                rowOf.Add(slot, row);
            }

            Assert.Equal(rowOf.Count, slots.Count);
            Assert.Equal(rowOf.OrderBy(r => r.Key).Select(r => r.Value), slots.Rows.ToArray());
            for (long row = 0; row < RowCount; row++)
                Assert.Equal(rowOf.Where(r => r.Value == row).Select(r => r.Key).SingleOrDefault(-1), slots.Find(row));
            // Who is left outside has found only rows of these two mini-batches.
            if (rows.Any(row => slots.Find(row) < 0))
                Assert.All(slots.Rows.ToArray(), row => Assert.True(rows.Contains(row) || before.Contains(row)));
            before = rows;
        }
    }

    [Fact]
    public void Admit_FrequentRowsAndOthersOnce_KeepsThose()
    {
        using var slots = new CacheSlots(100_000, 40);
        long[] often = [.. Enumerable.Range(0, 20).Select(i => (long)i * 7)];
        slots.Admit(often);
        slots.Admit(often);

        for (int step = 0; step < 200; step++)
        {
            // The frequent rows in turns, each every fourth mini-batch.
            var moves = slots.Admit([.. often.Skip(step % 4 * 5).Take(5), .. Enumerable.Range(0, 3).Select(i => 1000 + (step * 3L) + i)]);

            Assert.Empty(moves.OutRows.Intersect(often));
        }
    }

    [Fact]
    public void Clear_RowsInSlots_LeavesNone()
    {
        using var slots = new CacheSlots(100, 10);
        slots.Admit([5, 50, 7]);

        slots.Clear();

        Assert.Equal(0, slots.Count);
        Assert.Equal([-1, -1, -1], new long[] { 5, 50, 7 }.Select(slots.Find));
        Assert.Equal([50, 6], slots.Admit([50, 6]).InRows);
    }
}
