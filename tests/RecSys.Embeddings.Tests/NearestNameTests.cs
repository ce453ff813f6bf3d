
namespace RecSys.Embeddings.Tests;

public sealed class NearestNameTests
{
    [Theory]
    [InlineData("", "", 0)]
    [InlineData("abc", "", 3)]
    [InlineData("", "abc", 3)]
    [InlineData("kitten", "sitting", 3)]
    [InlineData("flaw", "lawn", 2)]
    [InlineData("batch_size", "batch_size", 0)]
    [InlineData("batchsize", "batch_size", 1)]
    public void Distance_KnownPairs_IsLevenshtein(string left, string right, int expected)
    {
        Assert.Equal(expected, NearestName.Distance(left, right));
        Assert.Equal(expected, NearestName.Distance(right, left));
    }

    [Fact]
    public void Find_Candidates_ReturnsTheFirstNearest()
    {
        Assert.Equal("epochs", NearestName.Find("epoch", ["batch_size", "epochs", "epocha"]));
        Assert.Null(NearestName.Find("epoch", []));
    }
}
