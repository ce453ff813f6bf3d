using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class LowDimensionMethodTests
{
    [Theory]
    [InlineData("criteo", 0.5)]
    [InlineData("criteo", 0.1)]
    [InlineData("avazu", 0.3)]
    public void Build_PublicDataSet_WidthsDifferByAtMostOne(string dataset, double budget)
    {
        var fields = GoldenFields.Of(dataset);

        MethodLayout layout = MethodCases.Build("low_dimension", "", 16, budget, fields);

        Assert.InRange(layout.Tables.Max(t => t.Width) - layout.Tables.Min(t => t.Width), 0, 1);
        double asked = budget * fields.Sum(f => f.VocabularySize) * 16 * sizeof(float);
        Assert.InRange(layout.ByteCount, 0.98 * asked, asked);
    }

    [Fact]
    public void Build_BelowWidthOne_StatesOneOverDimension()
    {
        var error = Assert.Throws<BudgetException>(() => MethodCases.Build("low_dimension", "", 16, 0.06));

        Assert.Equal(124 * sizeof(float), error.SmallestByteCount);
    }

    [Fact]
    public void Build_Projection_CountsItsBytes()
    {
        MethodLayout layout = MethodCases.Build("low_dimension", "projection=per_field", 16, 0.5, [new("f", 1000)]);

        Assert.Equal(["s/f", "s/f/projection"], layout.Tables.Select(t => t.Name));
        Assert.Equal([(1000L, 7), (7L, 16)], layout.Tables.Select(t => (t.RowCount, t.Width)));
        Assert.Null(layout.Fields[0].Sources[1].Addressing);
    }

    [Fact]
    public void Build_ProjectionLargerThanTheTable_StoresTheFieldInFull()
    {
        MethodLayout layout = MethodCases.Build("low_dimension", "projection=per_field", 16, 0.5, [new("f", 1000), new("tiny", 4)]);

        Assert.Equal(16, layout.Tables.Single(t => t.Name == "s/tiny").Width);
        Assert.Single(layout.Fields[1].Sources);
    }
}
