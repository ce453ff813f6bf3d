using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class ProductQuantizationTests
{
    private static readonly EmbeddingField[] s_field = [new("f", 1000)];

    [Theory]
    [InlineData("dpq")]
    [InlineData("mgqe")]
    public void Backward_RowsAndCentroids_GetTheirOwnGradients(string name)
    {
        MethodLayout layout = MethodCases.Build(name, "", 4, 0.3, s_field);
        EmbeddingCollection collection = new([new EmbeddingFeature("f", s_field[0], IsSingle: true)], [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], layout)]);
        using var store = new ArrayRowStore(collection.Tables);
        LookupPlan plan = collection.CreatePlan();
        long[] ids = [7, 3, 7, 999];
        collection.Plan([ReferenceScene.Single(ids)], plan);
        collection.Gather(plan, store);
        float[] vectors = new float[ids.Length * 4];
        collection.Forward(plan, 0, vectors);
        float[] gradient = [.. Enumerable.Range(0, vectors.Length).Select(i => (i - 5) * 0.1f)];

        collection.Backward(plan, 0, gradient);

        // Straight through: a row has the sum of the gradients of its vectors.
        RowBatch query = plan.Batches[0];
        Assert.Equal([7, 3, 999], query.Rows.ToArray());
        for (int j = 0; j < 4; j++)
        {
            Assert.Equal(gradient[j] + gradient[8 + j], query.Gradients[j], 1e-6f);
            Assert.Equal(gradient[4 + j], query.Gradients[4 + j], 1e-6f);
        }

        // A centroid has the derivative of the mean squared distance to the distinct rows it stands for.
        RowBatch codebook = plan.Batches[1];
        float[] expected = new float[codebook.Gradients.Length];
        int width = codebook.Width;
        foreach (int i in new[] { 0, 1, 3 })
        {
            for (int part = 0; part < 4 / width; part++)
            {
                float[] centroid = vectors[((i * 4) + (part * width))..((i * 4) + ((part + 1) * width))];
                int row = Enumerable.Range(0, codebook.Count).First(r => codebook.Values.Slice(r * width, width).SequenceEqual(centroid) && r / (codebook.Count * width / 4) == part);
                float[] own = store.Values[0].AsSpan((int)(ids[i] * 4) + (part * width), width).ToArray();
                for (int j = 0; j < width; j++)
                    expected[(row * width) + j] += 2f / 3 * (centroid[j] - own[j]);
            }
        }

        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], codebook.Gradients[i], 1e-6f);
    }

    [Theory]
    [InlineData("dpq", 0.05)]
    [InlineData("dpq", 0.1)]
    [InlineData("dpq", 0.3)]
    [InlineData("mgqe", 0.05)]
    [InlineData("mgqe", 0.1)]
    public void Build_Budget_EndsAtTheNearestSizeBelow(string name, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, "", 16, budget, [new("f", 100_000)]);

        double asked = budget * 100_000 * 64;
        Assert.InRange(layout.ServeByteCount, 0.7 * asked, asked);
    }

    [Fact]
    public void Build_Sizes_AreCodesAndCentroids()
    {
        // 8 parts of 8 bits at a budget that has room for nothing finer: 8 bytes an id, and 256 centroids of 16 numbers.
        MethodLayout layout = MethodCases.Build("dpq", "parts=8", 16, 0.2, [new("f", 100_000)]);

        Assert.Equal((100_000 * 8) + (256 * 16 * sizeof(float)), layout.ServeByteCount);
    }

    [Fact]
    public void AfterStep_UnusedCentroids_MoveToRows()
    {
        EmbeddingMethod method = EmbeddingMethods.Get("dpq");
        MethodRequest request = MethodCases.Request("", 4, Budget.OfFraction(0.3), s_field);
        MethodLayout layout = method.Build(request);
        using var store = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        RowTable codebook = store.RowTables[1];
        codebook.WriteRow(0, [.. Enumerable.Repeat(1e6f, codebook.Spec.Width)]);

        method.AfterStep(new PhaseContext(request, layout, store.RowTables, Step: 50, StepCount: 1000));

        Assert.InRange(codebook.Row(0)[0], -1, 1);
    }

    [Fact]
    public void Build_PartsThatDoNotDivideTheDimension_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodCases.Build("dpq", "parts=3", 16, 0.1, s_field));

        Assert.Contains("dimension of 16 into 3 equal parts", error.Message, StringComparison.Ordinal);
    }
}
