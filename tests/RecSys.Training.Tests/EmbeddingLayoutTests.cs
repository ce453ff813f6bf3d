using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Embeddings.Methods;
using RecSys.Training.Models;

namespace RecSys.Training.Tests;

[Collection(TinyCollection.Name)]
public sealed class EmbeddingLayoutTests(TinyDataset tiny)
{
    // With the unknown id; 20 bytes an id in full (widths 4 and 1).
    private const long Full = 338 * 20;
    private static readonly Dictionary<string, long> s_vocabularies = new() { ["user"] = 101, ["item"] = 201, ["category"] = 11, ["hour"] = 25 };

    public static TheoryData<string> Methods => [.. EmbeddingMethods.All.Select(m => m.Name)];

    [Theory]
    [InlineData("0.6", "category")] // 220 of 405 bytes; with hour 720
    [InlineData("0.6, full_share: 0.2", "category hour")]
    [InlineData("0.3, full_share: 0.5", "category hour")]
    [InlineData("0.3", "")]
    [InlineData("0.6, full_share: 0", "")]
    public void Build_SmallFields_AreInFull(string budget, string inFull)
    {
        using var layout = Layout($"{{name: hash, budget: {budget}}}");

        var tables = layout.Sets.SelectMany(s => s.Layout.Tables).ToDictionary(t => t.Name, t => t.RowCount);
        foreach ((string field, long ids) in s_vocabularies)
        {
            bool isInFull = inFull.Contains(field, StringComparison.Ordinal);
            Assert.Equal(isInFull, tables[$"embedding/{field}"] == ids);
            Assert.Equal(isInFull, tables[$"linear/{field}"] == ids);
        }
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public void Build_AnyMethod_StaysWithinItsBudgetOrStatesTheSmallestThatWorks(string method)
    {
        for (double fraction = 0.02; fraction < 1; fraction += 0.07)
        {
            long budget = (long)(fraction * Full);
            try
            {
                AssertIsWithin(method, budget);
            }
            catch (ConfigException e) when (e.InnerException is BudgetException tooSmall)
            {
                Assert.InRange(tooSmall.SmallestByteCount, budget + 1, long.MaxValue);
                AssertIsWithin(method, tooSmall.SmallestByteCount);
            }
        }
    }

    [Fact]
    public void Build_SmallFieldsThatLeaveTooLittle_AreTheMethods()
    {
        // The narrowest vectors of all fields take 8 bytes an id: nothing is left to keep a field in full.
        using var tight = Layout("{name: low_dimension, budget: 2704B}");
        using var loose = Layout("{name: low_dimension, budget: 3000B}");

        Assert.Equal(2, tight.Groups.Count);
        Assert.Equal(4, loose.Groups.Count);
    }

    private void AssertIsWithin(string method, long budget)
    {
        using var layout = Layout($"{{name: {method}, budget: {budget}B}}");
        if (layout.Groups.All(g => g.IsInLastPhase))
            Assert.InRange(layout.Sets.Sum(s => s.Layout.ServeByteCount), 1, budget);
    }

    private EmbeddingLayout Layout(string method)
    {
        var schema = tiny.Open().Schema;
        var features = s_vocabularies.Keys.Select(f => new PooledFeature(schema.EmbeddingFeatures.ToList().FindIndex(e => e.Name == f), Pooling.Sum)).ToList();
        return EmbeddingLayout.Build(
            RunConfigs.Create(tiny, $"embedding.method={method}").Embedding, schema, [new SetRequest("linear", 1, features), new SetRequest("embedding", 4, features)]);
    }
}
