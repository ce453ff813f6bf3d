using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class RowAllocationTests
{
    [Theory]
    [InlineData(26)]
    [InlineData(100)]
    [InlineData(33_762)]
    [InlineData(3_376_257)]
    [InlineData(33_762_576)]
    public void Proportional_AnyRowCount_AddsUpWithinBounds(long rowCount)
    {
        var fields = GoldenFields.Criteo;

        long[] parts = RowAllocation.Proportional(fields, rowCount);

        Assert.Equal(rowCount, parts.Sum());
        Assert.All(parts.Zip(fields), p => Assert.InRange(p.First, 1, p.Second.VocabularySize));
    }

    [Fact]
    public void Proportional_FieldsAboveOneRow_AreWithinOneRowOfTheirShare()
    {
        EmbeddingField[] fields = [new("a", 700), new("b", 200), new("c", 100)];

        Assert.Equal([71, 20, 10], RowAllocation.Proportional(fields, 101));
    }

    [Fact]
    public void Proportional_MoreRowsThanIds_GivesEveryIdARow()
        => Assert.Equal([5, 3], RowAllocation.Proportional([new("a", 5), new("b", 3)], 100));

    [Fact]
    public void Proportional_EqualFields_DoNotDependOnTheOrder()
    {
        EmbeddingField[] fields = [new("a", 10), new("b", 10), new("c", 10)];

        Assert.Equal([4, 3, 3], RowAllocation.Proportional(fields, 10));
        Assert.Equal([3, 3, 4], RowAllocation.Proportional([.. fields.Reverse()], 10));
    }
}
