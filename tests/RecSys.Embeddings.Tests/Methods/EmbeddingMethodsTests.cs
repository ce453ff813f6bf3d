using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class EmbeddingMethodsTests
{
    [Fact]
    public void All_Names_AreUniqueAndFound()
    {
        Assert.Equal(EmbeddingMethods.All.Count, EmbeddingMethods.All.Select(m => m.Name).Distinct().Count());
        Assert.All(EmbeddingMethods.All, m => Assert.Same(m, EmbeddingMethods.Get(m.Name)));
    }

    [Fact]
    public void All_Methods_DescribeThemselvesOnOneLine()
        => Assert.All(EmbeddingMethods.All, m =>
        {
            Assert.NotEmpty(m.Description);
            Assert.NotEmpty(m.ByteFormula);
            Assert.DoesNotContain('\n', m.Description + m.ByteFormula);
        });

    // The variants are what the reference and gradient tests run.
    [Fact]
    public void All_Options_AreInTheTestedVariants()
        => Assert.All(EmbeddingMethods.All, m => Assert.All(
            m.OptionNames,
            option => Assert.Contains(MethodCases.Variants, v => (string)v[0] == m.Name && ((string)v[1]).Contains(option + "=", StringComparison.Ordinal))));

    [Theory]
    [InlineData("hsh", "did you mean 'hash'?")]
    [InlineData("double-hash", "did you mean 'double_hash'?")]
    [InlineData("QR", "did you mean 'qr'?")]
    public void Get_UnknownName_NamesValidOnesAndTheNearest(string name, string nearest)
    {
        var error = Assert.Throws<ArgumentException>(() => EmbeddingMethods.Get(name));

        Assert.Contains($"'{name}'", error.Message, StringComparison.Ordinal);
        Assert.Contains(nearest, error.Message, StringComparison.Ordinal);
        Assert.All(EmbeddingMethods.All, m => Assert.Contains(m.Name, error.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void Build_UnknownOption_SuggestsTheNearest()
    {
        var error = Assert.Throws<ArgumentException>(
            () => EmbeddingMethods.Get("qr").Build(MethodCases.Request("combnie=add", 4, Budget.Full)));

        Assert.Contains("did you mean 'combine'? valid: combine, collisions", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hash", "function=md5", "mix, modulo")]
    [InlineData("adapt", "hot=1", "above 0 and below 1")]
    [InlineData("double_hash", "combine=max", "sum, concat, mean")]
    [InlineData("double_hash", "hashes=1", "≥ 2")]
    [InlineData("bloom", "hashes=65", "from 1 to 64")]
    [InlineData("bloom", "combine=concat", "sum, mean")]
    [InlineData("bloom", "signs=true", "none, random")]
    [InlineData("hash_embedding", "hashes=0", "≥ 1")]
    [InlineData("hash_embedding", "weight_share=1", "above 0 and below 1")]
    [InlineData("spacy", "hashes=5", "from 1 to 4")]
    [InlineData("qr", "combine=sum", "mult, add, concat")]
    [InlineData("qr", "collisions=0", "≥ 1")]
    [InlineData("memcom", "bias=yes", "false, true")]
    [InlineData("unified", "chunks=two", "whole number")]
    [InlineData("unified", "chunk_rule=by_frequency", "same, by_vocabulary")]
    [InlineData("unified", "tables=0", "≥ 1")]
    [InlineData("qr", "parts=1", "≥ 2")]
    [InlineData("qr", "radix=prime", "mixed, chinese")]
    [InlineData("qr", "parts=3 collisions=4", "only with parts: 2 and radix: mixed")]
    [InlineData("qr", "parts=5 combine=concat", "5 parts of a dimension of 4")]
    [InlineData("robe", "block=0", "≥ 1")]
    [InlineData("robe", "signs=1", "true, false")]
    [InlineData("hashed_nets", "signs=no", "true, false")]
    [InlineData("tt_rec", "hot=-1", "≥ 0")]
    [InlineData("dhe", "hashes=0", "≥ 1")]
    [InlineData("dhe", "layers=0", "≥ 1")]
    [InlineData("dhe", "activation=gelu", "mish, relu")]
    [InlineData("path", "hidden=0", "≥ 1")]
    [InlineData("path", "hidden=2000000000", "at most 4194304")]
    [InlineData("path", "parts=1", "≥ 2")]
    [InlineData("low_dimension", "projection=shared", "none, per_field")]
    [InlineData("mixed_dimension", "round=up", "power_of_two, none")]
    public void Build_InvalidOptionValue_SaysWhatIsValid(string name, string options, string valid)
    {
        var error = Assert.Throws<ArgumentException>(() => EmbeddingMethods.Get(name).Build(MethodCases.Request(options, 4, Budget.Full)));

        Assert.Contains(valid, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_FieldTwice_Throws()
    {
        var error = Assert.Throws<ArgumentException>(
            () => EmbeddingMethods.Get("full").Build(MethodCases.Request("", 4, Budget.Full, [new("a", 3), new("a", 4)])));

        Assert.Contains("'a' is named twice", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_EmptyVocabulary_Throws()
    {
        var error = Assert.Throws<ArgumentException>(
            () => EmbeddingMethods.Get("full").Build(MethodCases.Request("", 4, Budget.Full, [new("a", 0)])));

        Assert.Contains("'a' has a vocabulary of 0 ids", error.Message, StringComparison.Ordinal);
    }
}
