using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class HashEmbeddingMethodTests
{
    private static readonly EmbeddingField[] s_field = [new("f", 100_000)];

    // A tenth of 100,000 · 16 numbers: 160,000, half of them rows of 16, half rows of 2 weights.
    [Theory]
    [InlineData("", 5_000, 40_000, 2)]
    [InlineData("weight_share=0.2", 8_000, 16_000, 2)]
    [InlineData("hashes=4", 5_000, 20_000, 4)]
    public void Build_Budget_IsSplitBetweenRowsAndWeights(string options, long rowCount, long weightRows, int hashes)
    {
        MethodLayout layout = MethodCases.Build("hash_embedding", options, 16, 0.1, s_field);

        Assert.Equal(["s/f/weights", "s/f/rows"], layout.Tables.Select(t => t.Name));
        Assert.Equal([(weightRows, hashes), (rowCount, 16)], layout.Tables.Select(t => (t.RowCount, t.Width)));
        Assert.Equal(1 + hashes, layout.Fields[0].Sources.Count);
    }

    [Fact]
    public void Build_WeightsForEveryId_AreNotHashed()
    {
        MethodLayout layout = MethodCases.Build("hash_embedding", "weight_share=0.9", 16, 0.2, s_field);

        Assert.Equal([(100_000L, 2), (7_500L, 16)], layout.Tables.Select(t => (t.RowCount, t.Width)));
        Assert.Equal(new RowSource(0, IdentityAddressing.Instance), layout.Fields[0].Sources[0]);
    }

    [Fact]
    public void Address_RowsAndWeights_AreSaltedApart()
    {
        // 5,000 rows and 5,000 rows of weights: a common hash would show.
        MethodLayout layout = MethodCases.Build("hash_embedding", "hashes=16", 16, 0.1, s_field);
        long[][] rows = [.. layout.Fields[0].Sources.Take(3).Select(Rows)];

        Assert.All(layout.Tables, t => Assert.Equal(5_000, t.RowCount));
        for (int i = 0; i < rows.Length; i++)
        {
            for (int j = 0; j < i; j++)
            {
                // By chance 100,000 / 5,000 = 20 agree.
                Assert.InRange(rows[i].Zip(rows[j]).Count(p => p.First == p.Second), 0, 50);
            }
        }
    }

    [Fact]
    public void Address_TwoHashesAndWeights_HardlyEverCollide()
    {
        MethodLayout layout = MethodCases.Build("hash_embedding", "", 16, 0.1, s_field);
        long[][] rows = [.. layout.Fields[0].Sources.Select(Rows)];

        // 5·10⁹ pairs of ids on 5,000² · 40,000 = 10¹² places: 0.005 collisions are to be expected.
        Assert.Equal(100_000, Enumerable.Range(0, 100_000).Select(i => (rows[0][i], rows[1][i], rows[2][i])).Distinct().Count());
    }

    [Fact]
    public void Build_ConstantStart_HasWeightsOfOne()
    {
        MethodLayout layout = EmbeddingMethods.Get("hash_embedding").Build(
            MethodCases.Request("", 16, Budget.OfFraction(0.1), s_field) with { Initializer = _ => new Initializer(InitialDistribution.Constant, 0.5f) });

        Assert.Equal([new(InitialDistribution.Constant, 1), new(InitialDistribution.Constant, 0.25f)], layout.Tables.Select(t => t.Initializer));
    }

    private static long[] Rows(RowSource source)
    {
        long[] ids = [.. Enumerable.Range(0, 100_000)];
        var rows = new long[ids.Length];
        source.Addressing!.Address(ids, rows);
        return rows;
    }
}
