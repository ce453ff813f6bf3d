using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Tables;

public sealed class InitializersTests
{
    private const int Dimension = 25;

    private static readonly EmbeddingField s_field = new("f", 400);

    [Fact]
    public void Names_AllRules_AreTheOnesTested()
        => Assert.Equal(["cce", "dlrm", "fuxi", "keras", "spacy", "xavier"], Initializers.Names.Order(StringComparer.Ordinal));

    [Theory]
    [InlineData("keras", InitialDistribution.Uniform, 0.05)]
    [InlineData("dlrm", InitialDistribution.Uniform, 0.05)] // √(1/400)
    [InlineData("fuxi", InitialDistribution.Normal, 1e-4)]
    [InlineData("xavier", InitialDistribution.Uniform, 0.11881770515720091)] // √(6/425)
    [InlineData("cce", InitialDistribution.Uniform, 0.2)] // 25^−½
    [InlineData("spacy", InitialDistribution.Uniform, 0.1)]
    public void Get_KnownName_GivesThePublishedRule(string name, InitialDistribution distribution, double scale)
    {
        Initializer initializer = Initializers.Get(name, Dimension)(s_field);

        Assert.Equal(distribution, initializer.Distribution);
        Assert.Equal(scale, initializer.Scale, 1e-8);
    }

    [Fact]
    public void Get_UnknownName_ListsTheValidOnes()
    {
        ArgumentException error = Assert.Throws<ArgumentException>(() => Initializers.Get("kaiming", Dimension));

        Assert.Contains("'kaiming' is unknown; valid are keras, dlrm", error.Message, StringComparison.Ordinal);
    }
}
