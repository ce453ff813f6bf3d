using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class DoubleHashMethodTests
{
    private static readonly EmbeddingField[] s_field = [new("f", 100_000)];

    [Theory]
    [InlineData("")]
    [InlineData("combine=concat")]
    public void Address_TwoHashes_CollideAsRarelyAsChance(string options)
    {
        MethodLayout layout = MethodCases.Build("double_hash", options, 2, 0.01, s_field);
        long[] ids = [.. Enumerable.Range(0, 100_000)];
        var first = new long[ids.Length];
        var second = new long[ids.Length];
        layout.Fields[0].Sources[0].Addressing!.Address(ids, first);
        layout.Fields[0].Sources[1].Addressing!.Address(ids, second);

        int distinct = first.Zip(second).Distinct().Count();

        // 100,000 ids on 1000² pairs occupy 10⁶(1 − e^−0.1) ≈ 95,163; the standard deviation is about 65.
        Assert.InRange(distinct, 95_163 - 350, 95_163 + 350);
    }

    [Fact]
    public void Build_Concat_CutsTheDimensionIntoTables()
    {
        MethodLayout layout = MethodCases.Build("double_hash", "combine=concat hashes=3", 16, 0.01, s_field);

        Assert.Equal([6, 5, 5], layout.Tables.Select(t => t.Width));
        Assert.All(layout.Tables, t => Assert.Equal(1000, t.RowCount));
    }

    [Fact]
    public void Build_MoreSlicesThanNumbers_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodCases.Build("double_hash", "combine=concat", 1, 0.1, s_field));

        Assert.Contains("dimension of 1 into 2 slices", error.Message, StringComparison.Ordinal);
    }
}
