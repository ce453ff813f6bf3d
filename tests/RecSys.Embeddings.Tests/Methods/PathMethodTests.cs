using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class PathMethodTests
{
    [Theory]
    [InlineData(10_000, 16, "")]
    [InlineData(10_000, 4, "hidden=8")]
    [InlineData(54_321, 8, "parts=3")]
    [InlineData(999, 4, "parts=4 hidden=1")]
    public void Build_SmallestBudget_IsTheBestOfAllNumbersOfNetworks(long vocabulary, int dimension, string options)
    {
        var error = Assert.Throws<BudgetException>(() => MethodCases.Build("path", options, dimension, 1e-9, [new("f", vocabulary)]));

        var smallest = EmbeddingMethods.Get("path").Build(MethodCases.Request(options, dimension, Budget.OfBytes(error.SmallestByteCount), [new("f", vocabulary)]));
        int parts = (smallest.Tables.Count + 2) / 3;
        int network = smallest.Tables.Skip(1).Take(3).Sum(t => t.Width);
        long best = Networks(parts - 1, 60).Min(n => (Radices.CeilingQuotient(vocabulary, n.Aggregate(1L, (p, m) => p * m)) * dimension) + (n.Sum() * network));
        Assert.Equal(best * sizeof(float), error.SmallestByteCount);
    }

    [Theory]
    [InlineData(0.05)]
    [InlineData(0.2)]
    [InlineData(0.4)]
    public void Build_Budget_HasAsFewNetworksAsFit(double budget)
    {
        MethodLayout layout = MethodCases.Build("path", "", 16, budget, [new("f", 100_000)]);

        // One network less takes as many rows more as do not fit.
        long networks = layout.Tables[1].RowCount;
        Assert.Equal(Radices.CeilingQuotient(100_000, networks), layout.Tables[0].RowCount);
        Assert.All(layout.Tables.Skip(1), t => Assert.Equal(networks, t.RowCount));
        Assert.True(Bytes(networks) <= budget * 100_000 * 64);
        Assert.True(Bytes(networks - 1) > budget * 100_000 * 64);

        static long Bytes(long networks) => (Radices.CeilingQuotient(100_000, networks) * 64) + (networks * ((2 * 16 * 16) + 32) * 4);
    }

    [Theory]
    [InlineData(1_000, "")]
    [InlineData(9_999, "parts=3 hidden=2")]
    [InlineData(10_007, "parts=4 hidden=1")]
    public void Address_EveryId_HasItsOwnPath(int vocabulary, string options)
    {
        MethodLayout layout = MethodCases.Build("path", options, 4, 0.5, [new("f", vocabulary)]);
        long[] ids = [.. Enumerable.Range(0, vocabulary)];
        var rows = layout.Fields[0].Sources.Select(source =>
        {
            var own = new long[vocabulary];
            source.Addressing!.Address(ids, own);
            Assert.Equal(layout.Tables[source.Table].RowCount - 1, own.Max());
            return own;
        }).ToList();

        Assert.Equal(vocabulary, ids.Select(id => string.Join(' ', rows.Select(r => r[id]))).Distinct().Count());
    }

    [Theory]
    [InlineData(4, "", 4)]
    [InlineData(64, "", 16)]
    [InlineData(4, "hidden=40", 40)]
    public void Build_Hidden_IsTheDimensionUpToSixteen(int dimension, string options, int hidden)
    {
        MethodLayout layout = MethodCases.Build("path", options, dimension, 0.5, [new("f", 100_000)]);

        Assert.Equal(["s/f/base", "s/f/hidden_1", "s/f/output_1", "s/f/biases_1"], layout.Tables.Select(t => t.Name));
        Assert.Equal([dimension, dimension * hidden, dimension * hidden, dimension + hidden], layout.Tables.Select(t => t.Width));
    }

    private static IEnumerable<long[]> Networks(int count, int most)
        => count == 0
            ? [[]]
            : Networks(count - 1, most).SelectMany(rest => Enumerable.Range(1, rest.Length == 0 ? 20 * most : (int)Math.Min(most, rest[^1])).Select(m => (long[])[.. rest, m]));
}
