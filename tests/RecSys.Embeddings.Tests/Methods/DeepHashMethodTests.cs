using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class DeepHashMethodTests
{
    private static readonly EmbeddingField s_large = new("f", 10_000_000);

    // Sizes computed for published code, less its 10 numbers of batch normalisation per unit, and with a bias for each number of the
    // vector where they count one for each unit.
    [Theory]
    [InlineData(3_626, 56_420_560)]
    [InlineData(1_372, 8_978_368)]
    [InlineData(271, 579_940)]
    [InlineData(29, 33_988)]
    [InlineData(2_933, 37_507_204)]
    [InlineData(1_224, 7_285_248)]
    [InlineData(241, 486_820)]
    [InlineData(15, 16_740)]
    public void Build_FiveLayers_HasThePublishedSize(int width, long numbers)
    {
        long bytes = (numbers - (10 * width) - (width - 16)) * sizeof(float);

        MethodLayout layout = Build("hashes=1024 layers=5", bytes);
        Assert.Equal(bytes, layout.ByteCount);
        Assert.Equal([1025, width + 1, width + 1, width + 1, width + 1, width + 1], layout.Tables.Select(t => t.RowCount));
        Assert.Equal([width, width, width, width, width, 16], layout.Tables.Select(t => t.Width));
        Assert.Equal(width - 1, Build("hashes=1024 layers=5", bytes - 1).Tables[0].Width);
    }

    [Theory]
    [InlineData(10, 80)]
    [InlineData(127, 1_016)]
    [InlineData(500, 1_024)]
    public void Build_Default_HasEightHashesPerUnit(int width, int hashes)
    {
        long numbers = ((hashes + 1) * width) + ((width + 1) * width) + ((width + 1) * 16);

        MethodLayout layout = Build("", numbers * sizeof(float));

        Assert.Equal([hashes + 1, width + 1, width + 1], layout.Tables.Select(t => t.RowCount));
    }

    [Fact]
    public void FillHashes_AnyId_FollowsTheDefinition()
    {
        RowSource code = Build("", 4_000).Fields[0].Sources[0];
        foreach (long id in new[] { 0, 1, int.MaxValue, 1L << 40, long.MaxValue })
        {
            long number = DefinitionRows.Number(code, id);
            var hashes = new float[77];
            DeepHashCombination.FillHashes(number, hashes);

            Assert.Equal(DeepHashDefinition.Hashes((ulong)number, 77), hashes.Select(h => (double)h));
        }
    }

    [Fact]
    public void FillHashes_ManyIds_AreUniformAndIndependent()
    {
        RowSource code = Build("", 4_000).Fields[0].Sources[0];
        double[][] hashes = [.. Enumerable.Range(0, 20_000).Select(id => DeepHashDefinition.Hashes((ulong)DefinitionRows.Number(code, id), 8))];

        // Five standard deviations of the mean of 20,000 numbers with variances 1/3, 4/45 and 1/9.
        for (int j = 0; j < 8; j++)
        {
            Assert.All(hashes, h => Assert.InRange(h[j], -1, 1));
            Assert.Equal(0, hashes.Average(h => h[j]), 0.0205);
            Assert.Equal(1 / 3.0, hashes.Average(h => h[j] * h[j]), 0.0106);
            Assert.Equal(0, hashes.Average(h => h[j] * h[(j + 3) % 8]), 0.0118);
        }
    }

    // Models are rebuilt from their seeds: these numbers never change.
    [Fact]
    public void FillHashes_GoldenId_NeverChanges()
    {
        var hashes = new float[3];

        DeepHashCombination.FillHashes(DefinitionRows.Number(Build("", 4_000).Fields[0].Sources[0], 12_345), hashes);

        Assert.Equal([0.847069919f, -0.0240111947f, 0.866261899f], hashes);
    }

    // More distinct ids than go through the network together, most of them twice.
    [Fact]
    public void Backward_ManyIds_IsTheSumOverSingleIds()
    {
        EmbeddingField field = new("f", 300);
        MethodLayout layout = MethodCases.Build("dhe", "", 4, 0.5, [field]);
        var collection = new EmbeddingCollection([new("f", field, IsSingle: true)], [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], layout)]);
        using var store = new ArrayRowStore(layout.Tables);
        long[] ids = [.. Enumerable.Range(0, 250).Select(i => (long)(i * i % 300)), .. Enumerable.Range(0, 200)];

        var (vectors, gradients) = Step(collection, store, ids);

        double[][] sums = [.. gradients.Select(g => new double[g.Length])];
        for (int i = 0; i < ids.Length; i++)
        {
            var (vector, gradient) = Step(collection, store, ids[i]);
            Assert.Equal(vector, vectors[(i * 4)..((i + 1) * 4)]);
            for (int t = 0; t < sums.Length; t++)
                sums[t] = [.. sums[t].Zip(gradient[t], (sum, g) => sum + g)];
        }

        for (int t = 0; t < sums.Length; t++)
            Assert.All(sums[t].Zip(gradients[t]), p => Assert.Equal(p.First, p.Second, 1e-5 * Math.Max(1, sums[t].Max(Math.Abs))));
    }

    [Theory]
    [InlineData("")]
    [InlineData("activation=relu")]
    public void ForwardAndBackward_LargeSums_StayFinite(string options)
    {
        MethodLayout layout = MethodCases.Build("dhe", options, 4, 0.5, [new("f", 300)]);
        var collection = new EmbeddingCollection(
            [new("f", layout.Fields[0].Field, IsSingle: true)], [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], layout)]);
        using var store = new ArrayRowStore(layout.Tables);
        foreach (float[] values in store.Values)
        {
            for (int i = 0; i < values.Length; i++)
                values[i] *= 1000;
        }

        var (vectors, gradients) = Step(collection, store, [.. Enumerable.Range(0, 300)]);

        Assert.All(vectors, v => Assert.True(float.IsFinite(v)));
        Assert.All(gradients.SelectMany(g => g), g => Assert.True(float.IsFinite(g)));
    }

    [Fact]
    public void Build_ConstantStart_LeavesTheOutputAtZero()
    {
        MethodLayout layout = EmbeddingMethods.Get("dhe").Build(
            MethodCases.Request("", 4, Budget.OfFraction(0.5), [s_large]) with { Initializer = _ => Initializer.Zero });

        Assert.Equal([false, false, true], layout.Tables.Select(t => t.Initializer == Initializer.Zero));
    }

    private static MethodLayout Build(string options, long bytes)
        => EmbeddingMethods.Get("dhe").Build(MethodCases.Request(options, 16, Budget.OfBytes(bytes), [s_large]));

    private static (float[] Vectors, float[][] Gradients) Step(EmbeddingCollection collection, ArrayRowStore store, params long[] ids)
    {
        LookupPlan plan = collection.CreatePlan();
        collection.Plan([ReferenceScene.Single(ids)], plan);
        collection.Gather(plan, store);
        var vectors = new float[collection.OutputLength(plan, 0)];
        collection.Forward(plan, 0, vectors);
        collection.Backward(plan, 0, [.. vectors.Select((_, i) => (i % 4) - 1.5f)]);
        return (vectors, [.. plan.Batches.ToArray().Select(b => b.Gradients.ToArray())]);
    }
}
