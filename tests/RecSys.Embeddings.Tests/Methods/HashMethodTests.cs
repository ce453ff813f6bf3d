using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class HashMethodTests
{
    private static readonly EmbeddingField[] s_million = [new("big", 1_000_000)];

    [Theory]
    [InlineData("criteo", 0.1, 3_376_257)]
    [InlineData("criteo", 0.001, 33_762)]
    [InlineData("avazu", 0.01, 94_494)]
    public void Build_PublicDataSet_UsesTheBudgetToTheRow(string dataset, double budget, long rows)
        => Assert.Equal(rows, MethodCases.Build("hash", "", 16, budget, GoldenFields.Of(dataset)).Tables.Sum(t => t.RowCount));

    [Fact]
    public void Build_FieldThatFits_IsStoredInFull()
    {
        MethodLayout layout = MethodCases.Build("hash", "", 4, 0.5, [new("one", 1), new("many", 1000)]);

        Assert.Equal([1, 499], layout.Tables.Select(t => t.RowCount));
        Assert.Equal([0], Rows(layout, 0, [0]));
    }

    [Fact]
    public void Address_Mix_IsUniform()
    {
        MethodLayout layout = MethodCases.Build("hash", "", 1, 0.0001, s_million);
        long[] rows = Rows(layout, 0, Ids(1_000_000));

        double expected = 1_000_000 / 100.0;
        double chiSquare = rows.GroupBy(r => r).Sum(g => (g.Count() - expected) * (g.Count() - expected) / expected);

        // 99 degrees of freedom: mean 99, standard deviation 14; five standard deviations on both sides.
        Assert.InRange(chiSquare, 99 - (5 * 14), 99 + (5 * 14));
    }

    [Fact]
    public void Address_Mix_OccupiesAsManyRowsAsChance()
    {
        MethodLayout layout = MethodCases.Build("hash", "", 1, 0.5, s_million);

        int occupied = Rows(layout, 0, Ids(1_000_000)).Distinct().Count();

        // m(1 − (1 − 1/m)^n) with m = 500,000 and n = 1,000,000; the standard deviation is about 250.
        double expected = 500_000 * (1 - Math.Pow(1 - (1 / 500_000.0), 1_000_000));
        Assert.InRange(occupied, expected - 1300, expected + 1300);
    }

    [Fact]
    public void Address_Modulo_PairsIdsOneTableApart()
    {
        MethodLayout layout = MethodCases.Build("hash", "function=modulo", 1, 0.5, s_million);

        Assert.Equal([3, 3, 499_999], Rows(layout, 0, [3, 500_003, 999_999]));
    }

    [Fact]
    public void Address_TwoFields_AreSaltedApart()
    {
        MethodLayout layout = MethodCases.Build("hash", "", 1, 0.001, [new("a", 1_000_000), new("b", 1_000_000)]);

        int equal = Rows(layout, 0, Ids(100_000)).Zip(Rows(layout, 1, Ids(100_000))).Count(p => p.First == p.Second);

        // By chance 1 in 1000 agrees; the standard deviation is 10.
        Assert.InRange(equal, 50, 150);
    }

    [Fact]
    public void Address_OtherHashSeed_GivesOtherRows()
    {
        long[] first = Rows(MethodCases.Build("hash", "", 1, 0.001, s_million, seed: 1), 0, Ids(100_000));
        long[] again = Rows(MethodCases.Build("hash", "", 1, 0.001, s_million, seed: 1), 0, Ids(100_000));
        long[] other = Rows(MethodCases.Build("hash", "", 1, 0.001, s_million, seed: 2), 0, Ids(100_000));

        Assert.Equal(first, again);
        Assert.InRange(first.Zip(other).Count(p => p.First == p.Second), 50, 150);
    }

    private static long[] Ids(int count) => [.. Enumerable.Range(0, count)];

    private static long[] Rows(MethodLayout layout, int field, long[] ids)
    {
        var rows = new long[ids.Length];
        layout.Fields[field].Sources[0].Addressing!.Address(ids, rows);
        return rows;
    }
}
