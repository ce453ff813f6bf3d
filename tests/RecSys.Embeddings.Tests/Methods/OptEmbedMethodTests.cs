using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class OptEmbedMethodTests
{
    private static readonly EmbeddingField[] s_fields = [new("user", 2000), new("item", 500)];
    private static readonly EmbeddingMethod s_method = EmbeddingMethods.Get("optembed");

    [Theory]
    [InlineData(0, 2)]
    [InlineData(0.1f, 1.6f)]
    [InlineData(-0.25f, 1)]
    [InlineData(0.7f, 0.4f)]
    [InlineData(-1, 0.4f)]
    [InlineData(1.01f, 0)]
    public void StepDerivative_IsTheLongTailedEstimator(float z, float expected) => Assert.Equal(expected, OptEmbedCombination.StepDerivative(z), 1e-6f);

    // ‖w‖₁ = 1.2 and t from 0.7 (kept) to 1.5 (not kept): the gate's part of the gradient, and the step's.
    [Theory]
    [InlineData(0.7f, 1, 0.4f)]
    [InlineData(1.1f, 1, 1.6f)]
    [InlineData(1.5f, 0, 0.8f)]
    [InlineData(3, 0, 0)]
    public void Backward_PassesTheGateAndTheStep(float threshold, float gate, float slope)
    {
        EmbeddingField[] field = [new("f", 5)];
        MethodLayout layout = MethodCases.Build("optembed", "", 3, 1, field);
        EmbeddingCollection collection = new([new EmbeddingFeature("f", field[0], IsSingle: true)], [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], layout)]);
        using var rows = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        rows.RowTables[0].WriteRow(4, [0.5f, -0.3f, 0.4f]);
        rows.RowTables[1].WriteRow(0, [threshold]);
        for (int g = 0; g < 64; g++)
            rows.RowTables[2].WriteRow(g, [1, 1, 0]);
        LookupPlan plan = collection.CreatePlan();
        collection.Plan([ReferenceScene.Single(4)], plan);
        collection.Gather(plan, rows);
        float[] vector = new float[3];
        collection.Forward(plan, 0, vector);

        collection.Backward(plan, 0, [2, -1, 5]);

        // g ⊙ gates · w = 2·0.5 + 1·0.3 = 1.3.
        Assert.Equal([gate * 0.5f, gate * -0.3f, 0], vector);
        float[] expected = [(2 * gate) + (slope * 1.3f), (-1 * gate) - (slope * 1.3f), slope * 1.3f];
        Assert.Equal(expected, plan.Batches[0].Gradients.ToArray(), (x, y) => Math.Abs(x - y) < 1e-5f);
        Assert.Equal(slope * -1.3f, plan.Batches[1].Gradients[0], 1e-5f);
    }

    [Fact]
    public void BeforeStep_ManySteps_DrawsEveryWidthEquallyOften()
    {
        using var scene = new Scene(0.2);
        int[] drawn = new int[9];

        for (int step = 1; step <= 500; step++)
        {
            s_method.BeforeStep(scene.Context with { Step = step });
            for (int g = 0; g < 64; g++)
            {
                float[] gates = scene.Rows.RowTables[2].Row(g).ToArray();
                int width = gates.TakeWhile(x => x == 1).Count();
                Assert.All(gates[width..], x => Assert.Equal(0, x));
                drawn[width]++;
            }

            Assert.False(s_method.AfterStep(scene.Context with { Step = step }));
            Assert.All(scene.Rows.RowTables[2].Floats(0, 64).ToArray(), x => Assert.Equal(1, x));
        }

        Assert.Equal(0, drawn[0]);
        Assert.All(drawn[1..], count => Assert.InRange(count, 3700, 4300));
    }

    [Theory]
    [InlineData(0.4)]
    [InlineData(0.1)]
    [InlineData(0.01)]
    public void EndPhase_KeepsTheRowsFarthestAboveTheirThreshold_WithinTheBudget(double budget)
    {
        using var scene = new Scene(budget);
        scene.Rows.RowTables[1].Row(0)[0] = 0.2f;
        (int Field, long Id, float Distance)[] sorted =
        [
            .. s_fields.SelectMany((field, f) => Enumerable.Range(0, (int)field.VocabularySize)
                .Select(id => (f, (long)id, scene.Rows.RowTables[3 * f].Row(id).ToArray().Sum(Math.Abs) - scene.Rows.RowTables[(3 * f) + 1].Row(0)[0])))
                .OrderByDescending(r => r.Item3),
        ];

        PhaseEnd end = s_method.EndPhase(scene.Context with { Score = () => scene.WidthsShown() == (3, 5) ? 1 : 0.5 });
        using MethodState state = end.State;
        MethodLayout layout = s_method.Build(scene.Request with { State = state });

        var kept = sorted.Where(r => !state.Arrays.TryGetValue(s_fields[r.Field].Name, out var mask) || mask[r.Id] == 1).ToList();
        Assert.Equal(sorted.Take(kept.Count), kept);
        Assert.InRange(layout.ByteCount, scene.Request.BudgetByteCount * 0.98, scene.Request.BudgetByteCount);
        Assert.True(end.RestartsModel);
    }

    // Room for masks, one row per field and another, at a width of 1: hardly a candidate that is drawn at random fits.
    [Fact]
    public void EndPhase_SmallestBudget_KeepsNarrowRows()
    {
        EmbeddingField[] fields = [.. Enumerable.Range(0, 12).Select(f => new EmbeddingField($"f{f}", 100))];
        MethodRequest request = MethodCases.Request("", 16, Budget.OfBytes(1), fields);
        long smallest = Assert.Throws<BudgetException>(() => s_method.Build(request)).SmallestByteCount;
        request = request with { Budget = Budget.OfBytes(smallest) };
        MethodLayout layout = s_method.Build(request);
        using var rows = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);

        PhaseEnd end = s_method.EndPhase(new PhaseContext(request, layout, rows.RowTables, 0, 500) { Score = () => 0.5 });
        using MethodState state = end.State;

        Assert.Equal(smallest, s_method.Build(request with { State = state }).ByteCount);
    }

    [Fact]
    public void EndPhase_Score_DecidesTheWidths()
    {
        using var scene = new Scene(0.3, "generations=60");

        PhaseEnd end = s_method.EndPhase(scene.Context with { Score = () => -Math.Abs(scene.WidthsShown().User - 3) - Math.Abs(scene.WidthsShown().Item - 5) });
        using MethodState state = end.State;
        MethodLayout layout = s_method.Build(scene.Request with { State = state });

        Assert.Equal([3, 5], layout.Tables.Select(t => t.Width));
    }

    // A candidate is shown to the model by zeros; what is retrained begins with the first numbers of the rows' first values.
    [Fact]
    public void Fill_KeptRows_HaveTheFirstValuesOfTheSupernet()
    {
        using var scene = new Scene(0.3);
        float[][] first = [.. Enumerable.Range(0, 2000).Select(id => scene.Rows.RowTables[0].Row(id).ToArray())];
        scene.Rows.RowTables[0].Floats(0, 2000).Clear();
        for (int id = 0; id < 2000; id += 3)
            scene.Rows.RowTables[0].Row(id)[0] = 10;

        PhaseEnd end = s_method.EndPhase(scene.Context);
        using MethodState state = end.State;
        MethodLayout layout = s_method.Build(scene.Request with { State = state });
        using var next = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 9);
        end.Fill!(next.RowTables);

        PackedArray kept = state.Arrays["user"];
        long place = 0;
        for (int id = 0; id < 2000; id++)
        {
            if (kept[id] == 1)
                Assert.Equal(first[id][..layout.Tables[0].Width], next.RowTables[0].Row(place++).ToArray());
        }

        Assert.Equal(layout.Tables[0].RowCount - 1, place);
        Assert.True(place > 0);
        long[] rows = new long[2000];
        layout.Of(s_fields[0]).Sources[0].Addressing!.Address([.. Enumerable.Range(0, 2000)], rows);
        Assert.Equal([.. Enumerable.Range(0, (int)place)], rows.Where((_, id) => kept[id] == 1));
        Assert.All(rows.Where((_, id) => kept[id] == 0), row => Assert.Equal(place, row));
    }

    [Fact]
    public void Fill_WithoutRetraining_HasTheRowsOfTheSupernet_AndZerosForTheOthers()
    {
        using var scene = new Scene(0.3, "generations=3 retrain=false");

        PhaseEnd end = s_method.EndPhase(scene.Context);
        using MethodState state = end.State;
        MethodLayout layout = s_method.Build(scene.Request with { State = state });
        using var next = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 9);
        end.Fill!(next.RowTables);

        Assert.False(end.RestartsModel);
        Assert.Equal(0, s_method.Phases(scene.Request.Options)[1].Epochs);
        PackedArray kept = state.Arrays["user"];
        long place = 0;
        for (int id = 0; id < 2000; id++)
        {
            if (kept[id] == 1)
                Assert.Equal(scene.Rows.RowTables[0].Row(id).ToArray()[..layout.Tables[0].Width], next.RowTables[0].Row(place++).ToArray());
        }

        Assert.InRange(place, 1, 1999);
        Assert.All(next.RowTables[0].Row(place).ToArray(), x => Assert.Equal(0, x));
    }

    private sealed class Scene : IDisposable
    {
        public Scene(double budget, string options = "generations=3")
        {
            Request = MethodCases.Request(options, 8, Budget.OfFraction(budget), s_fields);
            Layout = s_method.Build(Request);
            Rows = new MemoryRowStore(Layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        }

        public MethodRequest Request { get; }

        public MethodLayout Layout { get; }

        public MemoryRowStore Rows { get; }

        public PhaseContext Context => new(Request, Layout, Rows.RowTables, 0, 500);

        public (int User, int Item) WidthsShown() => ((int)Rows.RowTables[2].Row(7).ToArray().Sum(), (int)Rows.RowTables[5].Row(7).ToArray().Sum());

        public void Dispose() => Rows.Dispose();
    }
}
