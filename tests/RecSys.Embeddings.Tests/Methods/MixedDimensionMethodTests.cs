using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class MixedDimensionMethodTests
{
    private static readonly int[] s_criteoTenth = [8, 8, 1, 2, 8, 8, 4, 8, 16, 4, 4, 1, 4, 8, 4, 2, 16, 4, 8, 16, 2, 16, 16, 4, 8, 4];

    // Sizes of the study's code for α = .07031, .16016, .07422 and .16602; the first and third are slightly above the half that was asked for.
    [Theory]
    [InlineData("criteo", 270_106_880)]
    [InlineData("criteo", 50_204_430)]
    [InlineData("avazu", 75_601_880)]
    [InlineData("avazu", 12_244_890)]
    public void Build_PublicDataSet_HasTheKnownSize(string dataset, long numbers)
        => Assert.Equal(numbers * sizeof(float), Build("", GoldenFields.Of(dataset), Budget.OfBytes(numbers * sizeof(float))).ByteCount);

    [Fact]
    public void Build_TenthOfCriteo_HasTheKnownWidths()
    {
        MethodLayout layout = Build("", GoldenFields.Criteo, Budget.OfFraction(0.1));

        Assert.Equal(s_criteoTenth, Widths(layout));
        Assert.Equal(50_204_430 * sizeof(float), layout.ByteCount);
    }

    [Theory]
    [InlineData(0.9)]
    [InlineData(0.5)]
    [InlineData(0.3)]
    [InlineData(0.1)]
    [InlineData(0.07)]
    public void Build_Unrounded_MeetsTheBudget(double budget)
    {
        MethodLayout layout = Build("round=none", GoldenFields.Criteo, Budget.OfFraction(budget));

        double asked = budget * GoldenFields.Criteo.Sum(f => f.VocabularySize) * 16 * sizeof(float);
        Assert.InRange(layout.ByteCount, 0.98 * asked, asked);
    }

    // Two fields hold almost all ids, so one number more or less for one of them is up to a tenth of these budgets.
    [Theory]
    [InlineData(0.9)]
    [InlineData(0.5)]
    [InlineData(0.2)]
    [InlineData(0.08)]
    public void Build_UnroundedLargeFields_LeavesLessThanAnyFieldNeeds(double budget)
    {
        MethodLayout layout = Build("round=none", GoldenFields.Avazu, Budget.OfFraction(budget));

        double left = (budget * GoldenFields.Avazu.Sum(f => f.VocabularySize) * 16 * sizeof(float)) - layout.ByteCount;
        Assert.All(
            layout.Fields.Where(f => f.Sources.Count == 2 && layout.Tables[f.Sources[0].Table].Width < 15),
            f => Assert.True((f.Field.VocabularySize + 16) * sizeof(float) > left, f.Field.Name));
        Assert.True(left >= 0);
    }

    // Rounding down and adding one here and there keeps the order up to one.
    [Theory]
    [InlineData("", 0)]
    [InlineData("round=none", 1)]
    public void Build_LargerField_HasNoWiderRows(string options, int tolerance)
    {
        var fields = GoldenFields.Criteo;

        int[] widths = [.. Widths(Build(options, fields, Budget.OfFraction(0.2)))];

        int[] order = [.. Enumerable.Range(0, fields.Count).OrderBy(i => fields[i].VocabularySize)];
        Assert.All(order.Zip(order.Skip(1)), p => Assert.InRange(widths[p.Second], 1, widths[p.First] + tolerance));
    }

    [Theory]
    [InlineData("")]
    [InlineData("round=none")]
    public void Build_FullBudget_StoresEveryFieldInFull(string options)
    {
        MethodLayout layout = MethodCases.Build("mixed_dimension", options, 5, 1);

        Assert.All(layout.Tables, t => Assert.Equal(5, t.Width));
        Assert.All(layout.Fields, f => Assert.Single(f.Sources));
    }

    [Fact]
    public void Build_BelowTheSmallestSize_StatesWidthOneAndTheSmallestFieldInFull()
    {
        var error = Assert.Throws<BudgetException>(() => MethodCases.Build("mixed_dimension", "", 16, 0.01));

        // 23 full rows of user; one number per id and a matrix of 16 numbers for item and word.
        Assert.Equal(((23 * 16) + 61 + 16 + 40 + 16) * sizeof(float), error.SmallestByteCount);
    }

    // With almost equal vocabularies, the temperature has to go far beyond one.
    [Fact]
    public void Build_VocabulariesAlike_ReachesTheSmallestSize()
    {
        EmbeddingField[] fields = [new("a", 1_000_000), new("b", 1_000_001)];

        MethodLayout layout = Build("", fields, Budget.OfBytes((16_000_000 + 1_000_001 + 16) * sizeof(float)));

        Assert.Equal([16, 1], Widths(layout));
    }

    private static MethodLayout Build(string options, IReadOnlyList<EmbeddingField> fields, Budget budget)
        => EmbeddingMethods.Get("mixed_dimension").Build(MethodCases.Request(options, 16, budget, fields));

    private static IEnumerable<int> Widths(MethodLayout layout) => layout.Fields.Select(f => layout.Tables[f.Sources[0].Table].Width);
}
