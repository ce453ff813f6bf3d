using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class AutoDimMethodTests
{
    private const int WeightsRow = 0;
    private const int LogitsRow = 1;
    private const int ScalesRow = 2;
    private static readonly EmbeddingField[] s_fields = [new("user", 3000), new("item", 700)];
    private static readonly EmbeddingMethod s_method = EmbeddingMethods.Get("autodim");

    [Fact]
    public void BeforeStep_MakesTheVectorsOfEachWidthEquallyLarge_AndDrawsNoise()
    {
        using var scene = new Scene(0.5);
        scene.Rows.RowTables[0].Floats(0, 3000).Fill(5);

        s_method.BeforeStep(scene.Context with { Step = 1 });
        float[] first = scene.Search(0).Row(WeightsRow).ToArray();
        s_method.BeforeStep(scene.Context with { Step = 2 });
        float[] second = scene.Search(0).Row(WeightsRow).ToArray();
        s_method.AfterStep(scene.Context with { Step = 2 });

        // Normal(0.1) rows of the full width, and those of width 1, which are 5 · a row of the matrix.
        float[] scales = scene.Search(0).Row(ScalesRow).ToArray();
        double square = scene.Rows.RowTables[1].Row(0).ToArray().Average(x => 25.0 * x * x);
        Assert.Equal(1 / Math.Sqrt(square), scales[0], 1e-3);
        Assert.InRange(scales[^1], 9.5, 10.5);
        Assert.NotEqual(first, second);
        Assert.Equal(1, first.Zip(scales, (w, s) => w / s).Sum(), 1e-5f);
        Assert.Equal([.. scales.Select(s => s / scales.Length)], scene.Search(0).Row(WeightsRow).ToArray(), (x, y) => Math.Abs(x - y) < 1e-5f);
    }

    [Fact]
    public void LearnFromValidation_MovesTheLogitsDownTheLoss()
    {
        using var scene = new Scene(0.5);
        RowTable search = scene.Search(1);
        new[] { 0.3f, -0.2f, 0.5f, 0 }.CopyTo(search.Row(LogitsRow));
        new[] { 2f, 1, 0.5f, 3 }.CopyTo(search.Row(ScalesRow));
        s_method.AfterStep(scene.Context with { Step = 3 });
        float[] weightGradient = [0.4f, -1, 2, 0.3f];
        RowBatch[] gradients = scene.Gradients(weightGradient);

        s_method.LearnFromValidation(scene.Context with { Step = 3 }, gradients);

        // Loss = Σ gₖ·wₖ with wₖ = softmax(logits)ₖ·scaleₖ, differentiated numerically.
        double[] logits = [0.3, -0.2, 0.5, 0];
        double[] scales = [2, 1, 0.5, 3];
        double Loss(double[] at) => at.Select((x, k) => weightGradient[k] * scales[k] * Math.Exp(x)).Sum() / at.Sum(Math.Exp);
        double[] derivative = [.. logits.Select((_, k) => (Loss([.. logits.Select((x, i) => i == k ? x + 1e-5 : x)]) - Loss([.. logits.Select((x, i) => i == k ? x - 1e-5 : x)])) / 2e-5)];
        double mean = derivative.Average(Math.Abs);
        for (int k = 0; k < logits.Length; k++)
            Assert.Equal(logits[k] - (0.01 * derivative[k] / mean), search.Row(LogitsRow)[k], 1e-4);
    }

    [Fact]
    public void EndPhase_EnoughBudget_TakesTheLikeliestWidths()
    {
        using var scene = new Scene(0.9);
        scene.Search(0).Row(LogitsRow)[1] = 5;
        scene.Search(1).Row(LogitsRow)[0] = 5;

        Assert.Equal([2, 1], scene.Widths());
    }

    [Theory]
    [InlineData(0.15)]
    [InlineData(0.3)]
    [InlineData(0.6)]
    public void EndPhase_NoFieldCouldBeLikelierAlone(double budget)
    {
        using var scene = new Scene(budget);
        new[] { 0f, 0.3f, 0.5f, 1 }.CopyTo(scene.Search(0).Row(LogitsRow));
        new[] { 0f, 1, 2, 3 }.CopyTo(scene.Search(1).Row(LogitsRow));
        int[] candidates = [1, 2, 4, 8];

        int[] widths = scene.Widths();

        long budgetBytes = scene.Request.BudgetByteCount - FieldWidths.ByteCount(scene.Request);
        long Bytes(int user, int item) => ProjectedRows.ByteCount(scene.Request, s_fields[0], user) + ProjectedRows.ByteCount(scene.Request, s_fields[1], item);
        Assert.True(Bytes(widths[0], widths[1]) <= budgetBytes);
        Assert.All(candidates.Where(w => w > widths[0]), w => Assert.True(Bytes(w, widths[1]) > budgetBytes));
        Assert.All(candidates.Where(w => w > widths[1]), w => Assert.True(Bytes(widths[0], w) > budgetBytes));
    }

    [Fact]
    public void Build_BelowWidthsOfOne_SaysTheSmallestSize()
    {
        MethodRequest request = MethodCases.Request("", 8, Budget.OfFraction(0.05), s_fields);

        var error = Assert.Throws<BudgetException>(() => s_method.Build(request));

        Assert.Equal((3700 * 4) + (2 * 32) + 8, error.SmallestByteCount);
        s_method.Build(request with { Budget = Budget.OfBytes(error.SmallestByteCount) });
    }

    private sealed class Scene : IDisposable
    {
        private const int TablesPerField = 8;

        public Scene(double budget)
        {
            Request = MethodCases.Request("", 8, Budget.OfFraction(budget), s_fields);
            Layout = s_method.Build(Request);
            Rows = new MemoryRowStore(Layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        }

        public MethodRequest Request { get; }

        public MethodLayout Layout { get; }

        public MemoryRowStore Rows { get; }

        public PhaseContext Context => new(Request, Layout, Rows.RowTables, 0, 100);

        public RowTable Search(int field) => Rows.RowTables[((field + 1) * TablesPerField) - 1];

        // A look-up of one id of each field, with a given gradient of the weights of the second.
        public RowBatch[] Gradients(float[] weightGradient)
        {
            var collection = new EmbeddingCollection(
                [.. s_fields.Select(f => new EmbeddingFeature(f.Name, f, IsSingle: true))],
                [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum), new PooledFeature(1, Pooling.Sum)], Layout)]);
            LookupPlan plan = collection.CreatePlan();
            collection.Plan([ReferenceScene.Single(1), ReferenceScene.Single(2)], plan);
            collection.Gather(plan, Rows);
            collection.Backward(plan, 0, new float[16]);
            weightGradient.CopyTo(plan.Batches[(2 * TablesPerField) - 1].Gradients);
            return plan.Batches.ToArray();
        }

        public int[] Widths()
        {
            using MethodState state = s_method.EndPhase(Context).State;
            return [.. s_fields.Select((_, f) => FieldWidths.Of(Request with { State = state }, f))];
        }

        public void Dispose() => Rows.Dispose();
    }
}
