using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class MethodSummaryTests
{
    public static TheoryData<string> Names => [.. EmbeddingMethods.All.Select(m => m.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Of_EveryMethod_IsComplete(string name)
    {
        EmbeddingMethod method = EmbeddingMethods.Get(name);

        MethodSummary summary = MethodSummary.Of(method);

        Assert.Equal(method.OptionNames, summary.Options.Keys);
        Assert.Equal(method.Phases(MethodOptions.Empty).Select(p => p.Name), summary.Phases);
        Assert.All([summary.Stored, summary.Bytes, summary.Source], text => Assert.False(string.IsNullOrWhiteSpace(text)));
        Assert.InRange(summary.SmallestByteCount, 1, MethodSummary.FullByteCount);
    }

    [Fact]
    public void Of_Options_HaveTheirDefaultsAndWords()
    {
        Assert.Equal("mult, add, concat", MethodSummary.Of(EmbeddingMethods.Get("qr")).Options["combine"]);
        Assert.Equal("", MethodSummary.Of(EmbeddingMethods.Get("qr")).Options["collisions"]);
        Assert.Equal("0.5", MethodSummary.Of(EmbeddingMethods.Get("adapt")).Options["hot"]);
        Assert.Equal("0", MethodSummary.Of(EmbeddingMethods.Get("deeplight")).Options["fine_tune_epochs"]);
    }

    [Fact]
    public void Of_SmallestSize_IsThatOfTheFields()
    {
        Assert.Equal(1_001_000L * 16 * sizeof(float), MethodSummary.FullByteCount);
        Assert.Equal(MethodSummary.FullByteCount, MethodSummary.Of(EmbeddingMethods.Get("full")).SmallestByteCount);
        Assert.Equal(MethodSummary.FullByteCount / 16, MethodSummary.Of(EmbeddingMethods.Get("low_dimension")).SmallestByteCount);
        Assert.Equal(2 * 16 * sizeof(float), MethodSummary.Of(EmbeddingMethods.Get("hash")).SmallestByteCount);
    }
}
