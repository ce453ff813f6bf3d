using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class AdaptMethodTests
{
    private static readonly EmbeddingField[] s_field = [new("f", 1_000_000)];

    [Theory]
    [InlineData("", 100_000, 50_000)]
    [InlineData("hot=0.2", 100_000, 20_000)]
    [InlineData("hot=0.999999999", 100_000, 99_999)]
    public void Address_FrequentIds_HaveRowsThatNoOtherReads(string options, long rowCount, long hotCount)
    {
        MethodLayout layout = MethodCases.Build("adapt", options, 4, 0.1, s_field);

        long[] rows = Rows(layout);

        Assert.Equal(rowCount, Assert.Single(layout.Tables).RowCount);
        Assert.Equal(Enumerable.Range(0, (int)hotCount).Select(i => (long)i), rows.Take((int)hotCount));
        Assert.All(rows.Skip((int)hotCount), row => Assert.InRange(row, hotCount, rowCount - 1));
    }

    [Fact]
    public void Address_OtherIds_OccupyAsManyRowsAsChance()
    {
        long[] rows = Rows(MethodCases.Build("adapt", "hot=0.25", 1, 0.4, s_field));

        int occupied = rows.Skip(100_000).Distinct().Count();

        // m(1 − (1 − 1/m)^n) with m = 300,000 rows and n = 900,000 ids; the standard deviation is about 115.
        double expected = 300_000 * (1 - Math.Pow(1 - (1 / 300_000.0), 900_000));
        Assert.InRange(occupied, expected - 600, expected + 600);
    }

    // The study's top_percent of 0.1 at a compression rate of 0.5.
    [Fact]
    public void Build_ShareOfTheRows_IsTheShareOfTheIdsOverTheRate()
    {
        long[] rows = Rows(MethodCases.Build("adapt", "hot=0.2", 1, 0.5, s_field));

        Assert.Equal([99_998, 99_999], rows[99_998..100_000]);
        Assert.NotEqual(100_000, rows[100_000]);
    }

    [Fact]
    public void Build_OneRow_IsSharedByAllIds()
    {
        MethodLayout layout = MethodCases.Build("adapt", "hot=0.9", 4, 0.1, [new("f", 10)]);

        Assert.Equal(1, Assert.Single(layout.Tables).RowCount);
        Assert.All(Rows(layout), row => Assert.Equal(0, row));
    }

    private static long[] Rows(MethodLayout layout)
    {
        long[] ids = [.. Enumerable.Range(0, (int)layout.Fields[0].Field.VocabularySize)];
        var rows = new long[ids.Length];
        layout.Fields[0].Sources[0].Addressing!.Address(ids, rows);
        return rows;
    }
}
