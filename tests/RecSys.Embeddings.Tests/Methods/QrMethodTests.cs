using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class QrMethodTests
{
    [Theory]
    [InlineData("criteo", 2, 16_881_347, 24)]
    [InlineData("criteo", 10, 3_376_515, 23)]
    [InlineData("criteo", 101, 336_312, 19)]
    [InlineData("criteo", 5_811, 83_812, 10)]
    [InlineData("avazu", 2, 4_724_771, 19)]
    [InlineData("avazu", 10, 945_140, 15)]
    [InlineData("avazu", 102, 94_000, 11)]
    [InlineData("avazu", 3_074, 25_785, 6)]
    public void Build_SharedCollisions_HasTheKnownSize(string dataset, int collisions, long rows, int compressedFields)
    {
        MethodLayout layout = MethodCases.Build("qr", $"collisions={collisions}", 16, 1, GoldenFields.Of(dataset));

        Assert.Equal(rows, layout.Tables.Sum(t => t.RowCount));
        Assert.Equal(compressedFields, layout.Fields.Count(f => f.Sources.Count == 2));
    }

    [Theory]
    [InlineData("criteo", 28_800)]
    [InlineData("avazu", 9_494)]
    public void Build_SmallestBudget_IsAboutTwiceTheRootPerField(string dataset, long rows)
    {
        var error = Assert.Throws<BudgetException>(() => MethodCases.Build("qr", "", 16, 1e-6, GoldenFields.Of(dataset)));

        Assert.Equal(rows * 16 * sizeof(float), error.SmallestByteCount);
        double bound = GoldenFields.Of(dataset).Sum(f => Math.Min(f.VocabularySize, 2 * Math.Ceiling(Math.Sqrt(f.VocabularySize))));
        Assert.InRange(rows, 0.99 * bound, bound);
    }

    // Rows of ⌈n^⅓⌉ in each of three tables, or of the full table, are the published size; balanced sizes need a few rows less.
    [Theory]
    [InlineData("criteo", 3_772)]
    [InlineData("avazu", 1_444)]
    public void Build_SmallestBudgetOfThreeParts_IsBelowThreeCubeRootsPerField(string dataset, long rows)
    {
        var error = Assert.Throws<BudgetException>(() => MethodCases.Build("qr", "parts=3", 16, 1e-6, GoldenFields.Of(dataset)));

        Assert.Equal(rows, GoldenFields.Of(dataset).Sum(f => Math.Min(f.VocabularySize, 3 * Radices.CeilingRoot(f.VocabularySize, 3))));
        Assert.InRange(error.SmallestByteCount, 0.98 * rows * 64, rows * 64);
    }

    [Theory]
    [InlineData("criteo", 0.5)]
    [InlineData("criteo", 0.1)]
    [InlineData("criteo", 0.01)]
    [InlineData("criteo", 0.001)]
    [InlineData("avazu", 0.1)]
    [InlineData("avazu", 0.01)]
    public void Build_Budget_IsMetToTheRow(string dataset, double budget)
    {
        var fields = GoldenFields.Of(dataset);

        MethodLayout layout = MethodCases.Build("qr", "", 16, budget, fields);

        long rows = (long)(budget * fields.Sum(f => f.VocabularySize));
        Assert.InRange(layout.Tables.Sum(t => t.RowCount), rows - 1, rows);
    }

    [Theory]
    [InlineData("concat", 0.8)]
    [InlineData("concat", 0.3)]
    [InlineData("add", 0.9)]
    public void Build_OddDimension_StaysWithinTwoPercent(string combine, double budget)
    {
        MethodLayout layout = MethodCases.Build("qr", $"combine={combine}", 15, budget, GoldenFields.Avazu);

        double asked = budget * GoldenFields.Avazu.Sum(f => f.VocabularySize) * 15 * sizeof(float);
        Assert.InRange(layout.ByteCount, 0.98 * asked, asked);
    }

    [Theory]
    [InlineData(6, 0.9)]
    [InlineData(100, 0.3)]
    [InlineData(101, 0.5)]
    [InlineData(9_999, 0.05)]
    [InlineData(10_007, 0.9)]
    public void Address_EveryId_HasItsOwnPairOfRows(long vocabulary, double budget)
    {
        MethodLayout layout = MethodCases.Build("qr", "", 4, budget, [new("f", vocabulary)]);

        AssertInjective(layout, vocabulary);
    }

    [Theory]
    [InlineData(100, 0.3, 3, "mixed")]
    [InlineData(9_999, 0.02, 3, "mixed")]
    [InlineData(9_999, 0.4, 4, "mixed")]
    [InlineData(101, 0.5, 2, "chinese")]
    [InlineData(9_999, 0.05, 2, "chinese")]
    [InlineData(10_007, 0.01, 3, "chinese")]
    [InlineData(9_973, 0.4, 5, "chinese")]
    public void Address_SeveralParts_EveryIdHasItsOwnRows(long vocabulary, double budget, int parts, string radix)
        => AssertInjective(MethodCases.Build("qr", $"parts={parts} radix={radix}", 4, budget, [new("f", vocabulary)]), vocabulary, parts);

    [Theory]
    [InlineData("mixed", "s/f/quotient", "s/f/digit_1", "s/f/remainder")]
    [InlineData("chinese", "s/f/residue_2", "s/f/residue_1", "s/f/residue_0")]
    public void Build_ThreeParts_NamesATablePerDigit(string radix, params string[] tables)
        => Assert.Equal(tables, MethodCases.Build("qr", $"parts=3 radix={radix}", 4, 0.1, [new("f", 1_000)]).Tables.Select(t => t.Name));

    [Theory]
    [InlineData(100, 7)]
    [InlineData(9_999, 10)]
    [InlineData(10_000, 5_000)]
    public void Address_SharedCollisions_EveryIdHasItsOwnPairOfRows(long vocabulary, int collisions)
        => AssertInjective(MethodCases.Build("qr", $"collisions={collisions}", 4, 1, [new("f", vocabulary)]), vocabulary);

    [Fact]
    public void Build_ConcatOfOneNumber_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodCases.Build("qr", "combine=concat", 1, 0.5));

        Assert.Contains("'qr'", error.Message, StringComparison.Ordinal);
        Assert.Contains("dimension of 1", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Build_TinyField_StaysFull()
    {
        MethodLayout layout = MethodCases.Build("qr", "", 4, 0.5, [new("tiny", 5), new("big", 1000)]);

        Assert.Equal([1, 2], layout.Fields.Select(f => f.Sources.Count));
    }

    private static void AssertInjective(MethodLayout layout, long vocabulary, int parts = 2)
    {
        IReadOnlyList<RowSource> sources = layout.Fields[0].Sources;
        Assert.Equal(parts, sources.Count);
        long[] ids = [.. Enumerable.Range(0, (int)vocabulary)];
        var digits = new long[parts][];
        for (int s = 0; s < parts; s++)
        {
            sources[s].Addressing!.Address(ids, digits[s] = new long[ids.Length]);
            Assert.InRange(digits[s].Max(), 0, layout.Tables[sources[s].Table].RowCount - 1);
        }

        Assert.Equal(ids.Length, ids.Select(id => string.Join(' ', digits.Select(d => d[id]))).Distinct().Count());
    }
}
