using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class RobeMethodTests
{
    private static readonly EmbeddingField s_million = new("f", 1_000_000);

    [Theory]
    [InlineData("criteo", 0.5, 270_100_616)]
    [InlineData("criteo", 0.1, 54_020_123)]
    [InlineData("criteo", 0.01, 5_402_012)]
    [InlineData("criteo", 0.001, 540_201)]
    [InlineData("avazu", 0.5, 75_595_560)]
    [InlineData("avazu", 0.1, 15_119_112)]
    [InlineData("avazu", 0.01, 1_511_911)]
    [InlineData("avazu", 0.001, 151_191)]
    public void Build_Budget_HasTheKnownSize(string dataset, double budget, long numbers)
    {
        MethodLayout single = MethodCases.Build("robe", "block=1", 16, budget, GoldenFields.Of(dataset));
        MethodLayout whole = MethodCases.Build("robe", "", 16, budget, GoldenFields.Of(dataset));

        Assert.Equal(numbers * sizeof(float), single.ByteCount);
        Assert.Equal(numbers / 16 * 16 * sizeof(float), whole.ByteCount);
    }

    [Theory]
    [InlineData("")]
    [InlineData("signs=false")]
    public void Vector_ArrayOfOneBlock_IsARotationOfIt(string options)
    {
        MethodLayout layout = MethodCases.Build("robe", options, 5, 0.01, [new("f", 100)]);
        double[] array = [1, 2, 3, 4, 5];
        var vectors = new ReferenceVectors("robe", options, layout, [array]);

        Assert.Equal(1, layout.Tables.Single().RowCount);
        var firsts = new HashSet<double>();
        for (int id = 0; id < 100; id++)
        {
            double[] vector = [.. vectors.Vector(layout.Fields[0].Field, id).Select(Math.Abs)];
            firsts.Add(vector[0]);
            Assert.All(vector.Zip(vector.Skip(1)), p => Assert.Equal(p.First % 5, p.Second - 1));
        }

        Assert.Equal(5, firsts.Count);
    }

    [Fact]
    public void Address_Starts_AreUniformOverTheArray()
    {
        MethodLayout layout = MethodCases.Build("robe", "", 8, 0.0001, [s_million]);
        var sources = layout.Fields[0].Sources;
        long[] rows = Numbers(sources[0]);
        long[] next = Numbers(sources[1]);
        long[] shifts = Numbers(sources[2]);

        // 800 places; the statistic has a mean of 799 and a standard deviation of 40.
        Assert.InRange(ChiSquare(rows.Zip(shifts, (row, shift) => (row * 8) + shift), 800), 799 - 200, 799 + 200);
        Assert.All(rows.Zip(next), p => Assert.Equal((p.First + 1) % 100, p.Second));
    }

    [Fact]
    public void Address_Blocks_AreIndependent()
    {
        MethodLayout layout = MethodCases.Build("robe", "block=4", 8, 0.0001, [s_million]);
        var sources = layout.Fields[0].Sources;

        // 200 rows each; of a million pairs 5,000 agree by chance, with a standard deviation of 71.
        Assert.InRange(Numbers(sources[0]).Zip(Numbers(sources[3])).Count(p => p.First == p.Second), 5_000 - 355, 5_000 + 355);
    }

    [Fact]
    public void Signs_OfAllIds_AreBalancedAndIndependent()
    {
        RowSource code = MethodCases.Build("robe", "", 80, 0.0001, [s_million]).Fields[0].Sources[^1];
        double[][] signs = [.. Enumerable.Range(0, 10_000).Select(id => RobeDefinition.Signs(code, id, 80))];

        // Five standard deviations of a mean of 10,000 signs.
        for (int j = 0; j < 80; j++)
        {
            Assert.InRange(signs.Average(s => s[j]), -0.05, 0.05);
            Assert.InRange(signs.Average(s => s[j] * s[(j + 17) % 80]), -0.05, 0.05);
        }
    }

    [Fact]
    public void FillSigns_MoreThanOneWord_FollowsTheDefinition()
    {
        RowSource code = MethodCases.Build("robe", "", 136, 0.0001, [s_million]).Fields[0].Sources[^1];
        var signs = new float[136];

        BlockCombination.FillSigns(DefinitionRows.Number(code, 7), signs);

        Assert.Equal(RobeDefinition.Signs(code, 7, 136), signs.Select(s => (double)s));
    }

    [Fact]
    public void Build_AnotherField_MovesNoBlocks()
    {
        MethodRequest request = MethodCases.Request("", 8, Budget.OfBytes(4_000), [s_million]);
        MethodLayout alone = EmbeddingMethods.Get("robe").Build(request);
        MethodLayout both = EmbeddingMethods.Get("robe").Build(request with { Fields = [new("g", 1_000_000), s_million] });

        Assert.Equal(Numbers(alone.Fields[0].Sources[0]), Numbers(both.Fields[1].Sources[0]));

        // Equal ids of the two fields: 8,000 of a million share a row by chance, with a standard deviation of 89.
        Assert.InRange(Numbers(both.Fields[0].Sources[0]).Zip(Numbers(both.Fields[1].Sources[0])).Count(p => p.First == p.Second), 8_000 - 445, 8_000 + 445);
    }

    [Theory]
    [InlineData(8, "", 3)]
    [InlineData(8, "block=4", 6)]
    [InlineData(8, "block=3", 9)]
    [InlineData(8, "block=50", 3)]
    [InlineData(1, "block=8", 1)]
    public void Build_Block_DividesTheVector(int dimension, string options, int sources)
        => Assert.Equal(sources + 1, MethodCases.Build("robe", options, dimension, 0.5).Fields[0].Sources.Count);

    private static double ChiSquare(IEnumerable<long> places, int count)
    {
        double expected = 1_000_000.0 / count;
        return places.GroupBy(p => p).Sum(g => (g.Count() - expected) * (g.Count() - expected) / expected);
    }

    private static long[] Numbers(RowSource source)
    {
        long[] ids = [.. Enumerable.Range(0, 1_000_000)];
        var numbers = new long[ids.Length];
        source.Addressing!.Address(ids, numbers);
        return numbers;
    }
}
