using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tests.Methods;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests;

/// <summary>Mini-batches large enough to be cut into chunks and lanes.</summary>
public sealed class EmbeddingCollectionParallelTests
{
    private const int BatchSize = 1500;
    private const int Dimension = 16;

    private static readonly EmbeddingFeature[] s_features =
    [
        new("item", MethodCases.Item, IsSingle: true),
        new("history", MethodCases.Item, IsSingle: false),
        new("words", MethodCases.Word, IsSingle: false),
        new("user", MethodCases.User, IsSingle: true),
    ];

    private static readonly PooledFeature[] s_pooled = [new(0, Pooling.Sum), new(1, Pooling.None), new(2, Pooling.Mean), new(3, Pooling.Sum)];

    [Theory]
    [MemberData(nameof(MethodCases.Variants), MemberType = typeof(MethodCases))]
    public void Step_AnyThreadCount_GivesTheSameBits(string name, string options)
    {
        MethodLayout layout = Layout(name, options);

        var (rows, output, gradients) = Step(layout, threadCount: 1);

        foreach (int threadCount in new[] { 2, 3, 8 })
        {
            var other = Step(layout, threadCount);
            Assert.Equal(rows, other.Rows);
            Assert.Equal(output, other.Output);
            Assert.Equal(gradients, other.Gradients);
        }
    }

    [Theory]
    [InlineData("full", "")]
    [InlineData("unified", "")]
    [InlineData("double_hash", "")]
    public void Backward_LargeBatch_SumsEveryOccurrence(string name, string options)
    {
        MethodLayout layout = Layout(name, options);
        IReadOnlyList<JaggedIds> ids = Ids();

        var (_, _, gradients) = Step(layout, threadCount: 2, gradient: 1);

        // With a gradient of one everywhere, the sum over all rows is the number of look-ups; a mean shares one look-up per bag.
        long bags = Enumerable.Range(0, BatchSize).Count(b => ids[2].Length(b) > 0);
        long lookups = BatchSize + ids[1].Values.Length + bags + BatchSize;
        long sourcesPerLookup = name == "double_hash" ? 2 : 1;
        Assert.Equal(lookups * Dimension * sourcesPerLookup, gradients.Sum(g => (double)g), 0.5);
    }

    [Theory]
    [InlineData("full", "")]
    [InlineData("unified", "")]
    public void Forward_LargeBatch_EqualsTheDefinition(string name, string options)
    {
        MethodLayout layout = Layout(name, options);
        using var store = new ArrayRowStore(layout.Tables);
        var reference = new ReferenceVectors(name, options, layout, [.. store.Values.Select(v => v.Select(x => (double)x).ToArray())]);
        IReadOnlyList<JaggedIds> ids = Ids();

        float[] output = Step(layout, threadCount: 2).Output;

        int stride = 3 * Dimension;
        for (int b = 0; b < BatchSize; b++)
        {
            AssertVector(reference.Vector(MethodCases.Item, ids[0].Values[b]), output, b * stride);
            AssertVector(reference.Vector(MethodCases.User, ids[3].Values[b]), output, (b * stride) + (2 * Dimension));
            for (int i = ids[1].Offsets[b]; i < ids[1].Offsets[b + 1]; i++)
                AssertVector(reference.Vector(MethodCases.Item, ids[1].Values[i]), output, (BatchSize * stride) + (i * Dimension));
        }
    }

    private static void AssertVector(double[] expected, float[] output, int start)
    {
        for (int j = 0; j < expected.Length; j++)
            Assert.Equal(expected[j], output[start + j], 1e-6);
    }

    private static MethodLayout Layout(string name, string options)
        => MethodCases.Build(name, options, Dimension, MethodDefinitions.Of(name).Budgets(options, Dimension)[^1]);

    private static (long[] Rows, float[] Output, float[] Gradients) Step(MethodLayout layout, int threadCount, float? gradient = null)
    {
        var collection = new EmbeddingCollection(s_features, [new EmbeddingSet("s", s_pooled, layout)]) { ThreadCount = threadCount };
        using var store = new ArrayRowStore(collection.Tables);
        LookupPlan plan = collection.CreatePlan();
        collection.Plan(Ids(), plan);
        collection.Gather(plan, store);
        var output = new float[collection.OutputLength(plan, 0)];
        collection.Forward(plan, 0, output);
        var random = new Random(3);
        float[] gradients = [.. output.Select(_ => gradient ?? random.NextSingle() - 0.5f)];
        collection.Backward(plan, 0, gradients);
        var batches = plan.Batches.ToArray();
        return ([.. batches.SelectMany(b => b.Rows.ToArray())], output, [.. batches.SelectMany(b => b.Gradients.ToArray())]);
    }

    private static IReadOnlyList<JaggedIds> Ids()
    {
        var random = new Random(17);
        long[] Several(int most, long vocabulary) => [.. Enumerable.Range(0, random.Next(most)).Select(_ => random.NextInt64(vocabulary))];
        return
        [
            ReferenceScene.Single([.. Enumerable.Range(0, BatchSize).Select(_ => random.NextInt64(61))]),
            ReferenceScene.Jagged([.. Enumerable.Range(0, BatchSize).Select(_ => Several(9, 61))]),
            ReferenceScene.Jagged([.. Enumerable.Range(0, BatchSize).Select(_ => Several(6, 40))]),
            ReferenceScene.Single([.. Enumerable.Range(0, BatchSize).Select(_ => random.NextInt64(23))]),
        ];
    }
}
