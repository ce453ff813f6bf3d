using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class FullMethodTests
{
    [Theory]
    [InlineData("criteo", 2_160_804_928)]
    [InlineData("avazu", 604_764_480)]
    public void Build_PublicDataSet_HasTheKnownSize(string dataset, long byteCount)
        => Assert.Equal(byteCount, MethodCases.Build("full", "", 16, 1, GoldenFields.Of(dataset)).ByteCount);

    [Fact]
    public void Build_BudgetBelowOne_StatesTheFullSize()
    {
        var error = Assert.Throws<BudgetException>(() => MethodCases.Build("full", "", 4, 0.99));

        Assert.Equal(124 * 4 * 4, error.SmallestByteCount);
    }

    [Fact]
    public void Build_EveryField_HasItsInitializer()
    {
        MethodLayout layout = EmbeddingMethods.Get("full").Build(MethodCases.Request("", 4, Budget.Full) with
        {
            Initializer = f => Initializer.Uniform(1.0 / f.VocabularySize),
        });

        Assert.Equal([1f / 23, 1f / 61, 1f / 40], layout.Tables.Select(t => t.Initializer.Scale));
    }
}
