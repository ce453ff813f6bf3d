using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class MemcomMethodTests
{
    private static readonly EmbeddingField[] s_field = [new("f", 1000)];

    // The known size for one shared row per 100 ids: 1/100 and, for the scales, 1/16 of the full table.
    [Theory]
    [InlineData("", 0.0725)]
    [InlineData("bias=true", 0.135)]
    public void Build_OneSharedRowPerHundredIds_HasTheKnownSize(string options, double budget)
    {
        MethodLayout layout = MethodCases.Build("memcom", options, 16, budget, s_field);

        Assert.Equal((10L, 16), (layout.Tables[0].RowCount, layout.Tables[0].Width));
        Assert.All(layout.Tables.Skip(1), t => Assert.Equal((1000L, 1), (t.RowCount, t.Width)));
        Assert.Equal(budget, layout.ByteCount / 64_000.0);
    }

    [Theory]
    [InlineData(0.5)]
    [InlineData(0.1)]
    [InlineData(0.07)]
    public void Build_PublicDataSet_MeetsTheBudgetToTheRow(double budget)
    {
        double asked = budget * GoldenFields.Criteo.Sum(f => f.VocabularySize) * 16 * sizeof(float);

        Assert.InRange(MethodCases.Build("memcom", "", 16, budget, GoldenFields.Criteo).ByteCount, asked - (16 * sizeof(float)), asked);
    }

    [Fact]
    public void Build_BelowTheScales_StatesOneOverDimensionAndOneRow()
    {
        var error = Assert.Throws<BudgetException>(() => MethodCases.Build("memcom", "", 16, 0.06, s_field));

        Assert.Equal((1000 + 16) * sizeof(float), error.SmallestByteCount);
    }

    // With scales of 1 and biases of 0, ids have the vectors of the hashing trick.
    [Theory]
    [InlineData("")]
    [InlineData("bias=true")]
    public void Build_FirstVectors_AreThoseOfTheHashingTrick(string options)
    {
        MethodLayout layout = MethodCases.Build("memcom", options, 4, 0.7, s_field);
        double[] shared = [.. Enumerable.Range(0, (int)layout.Tables[0].RowCount * 4).Select(i => (double)i)];
        double[][] values = [shared, .. layout.Tables.Skip(1).Select(t => Enumerable.Repeat((double)t.Initializer.Scale, 1000).ToArray())];

        var vectors = new ReferenceVectors("memcom", options, layout, values);

        Assert.All(layout.Tables.Skip(1), t => Assert.Equal(InitialDistribution.Constant, t.Initializer.Distribution));
        for (int id = 0; id < 1000; id++)
            Assert.Equal(shared.AsSpan(4 * (id % (int)layout.Tables[0].RowCount), 4).ToArray(), vectors.Vector(s_field[0], id));
    }

    [Fact]
    public void Build_NumberPerVector_StoresTheFieldInFull()
        => Assert.Single(Assert.Single(MethodCases.Build("memcom", "", 1, 1, s_field).Fields).Sources);
}
