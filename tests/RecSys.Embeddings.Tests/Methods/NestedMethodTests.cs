using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class NestedMethodTests
{
    private static readonly EmbeddingField[] s_field = [new("f", 50)];

    [Fact]
    public void BeforeStep_ManySteps_DrawsAllPowersOfTwoEquallyOften()
    {
        EmbeddingMethod method = EmbeddingMethods.Get("nested");
        MethodRequest request = MethodCases.Request("smallest=2", 13, Budget.Full, s_field);
        MethodLayout layout = method.Build(request);
        using var rows = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        var drawn = new Dictionary<int, int>();

        for (int step = 1; step <= 4000; step++)
        {
            var context = new PhaseContext(request, layout, rows.RowTables, step, 4000);
            method.BeforeStep(context);
            int width = (int)rows.RowTables[1].Row(0)[0];
            drawn[width] = drawn.GetValueOrDefault(width) + 1;
            method.AfterStep(context);
            Assert.Equal(13, rows.RowTables[1].Row(0)[0]);
        }

        Assert.Equal([2, 4, 8, 13], drawn.Keys.Order());
        Assert.All(drawn.Values, count => Assert.InRange(count, 900, 1100));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(2)]
    [InlineData(4)]
    public void ForwardAndBackward_AWidth_UseTheFirstNumbersAlone(int width)
    {
        MethodLayout layout = MethodCases.Build("nested", "", 4, 1, s_field);
        EmbeddingCollection collection = new([new EmbeddingFeature("f", s_field[0], IsSingle: true)], [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], layout)]);
        using var store = new ArrayRowStore(collection.Tables);
        store.Values[1][0] = width;
        LookupPlan plan = collection.CreatePlan();
        collection.Plan([ReferenceScene.Single(9, 9)], plan);
        collection.Gather(plan, store);
        float[] vectors = new float[8];
        collection.Forward(plan, 0, vectors);

        collection.Backward(plan, 0, [1, 2, 3, 4, 5, 6, 7, 8]);

        float[] row = store.Values[0].AsSpan(9 * 4, 4).ToArray();
        Assert.Equal([.. row[..width], .. new float[4 - width]], vectors[4..]);
        Assert.Equal([.. new float[] { 6, 8, 10, 12 }[..width], .. new float[4 - width]], plan.Batches[0].Gradients.ToArray());
        Assert.Equal(0, plan.Batches[1].Gradients[0]);
    }

    [Fact]
    public void Build_SmallestAboveTheDimension_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodCases.Build("nested", "smallest=5", 4, 1));

        Assert.Contains("5 numbers of a dimension of 4", error.Message, StringComparison.Ordinal);
    }
}
