using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class AutoSrhMethodTests
{
    private static readonly EmbeddingField[] s_field = [new("f", 1000)];
    private static readonly EmbeddingMethod s_method = EmbeddingMethods.Get("autosrh");

    [Fact]
    public void Forward_GatesOfOne_AreTheFullTable()
    {
        using var scene = new Scene();

        Assert.Equal(scene.Rows.RowTables[0].Row(7).ToArray(), scene.Look(7));
    }

    [Fact]
    public void Apply_TrainingStep_LeavesTheGatesAlone()
    {
        using var scene = new Scene();
        float[] before = scene.Rows.RowTables[0].Row(7).ToArray();

        scene.Step(7);

        Assert.NotEqual(before, scene.Rows.RowTables[0].Row(7).ToArray());
        Assert.All(scene.Rows.RowTables[1].Floats(0, 6).ToArray(), gate => Assert.Equal(1, gate));
    }

    [Fact]
    public void LearnFromValidation_AGroup_MovesItsGatesAlone()
    {
        using var scene = new Scene();
        scene.Gradients(7, [1, -3, 0, 4]);
        float[] row = scene.Rows.RowTables[0].Row(7).ToArray();

        s_method.LearnFromValidation(new PhaseContext(scene.Request, scene.Layout, scene.Rows.RowTables, Step: 1, StepCount: 100), scene.Batches);
        Assert.All(scene.Rows.RowTables[1].Floats(0, 6).ToArray(), gate => Assert.Equal(1, gate));
        s_method.LearnFromValidation(new PhaseContext(scene.Request, scene.Layout, scene.Rows.RowTables, Step: 60, StepCount: 100), scene.Batches);

        // Group 1 holds ids 3 … 8: the gradient of a gate is that of its number times the row's number.
        float[] gradient = [row[0], -3 * row[1], 0, 4 * row[3]];
        float mean = gradient.Average(Math.Abs);
        Assert.Equal([.. gradient.Select(g => Math.Clamp(1 - (0.001f * ((g / mean) + 1e-5f)), 0, 1))], scene.Rows.RowTables[1].Row(1).ToArray(), (x, y) => Math.Abs(x - y) < 1e-6f);
        Assert.All(scene.Rows.RowTables[1].Row(0).ToArray(), gate => Assert.Equal(1, gate));
        Assert.Equal(row, scene.Rows.RowTables[0].Row(7).ToArray());
    }

    [Fact]
    public void EndPhase_AfterRetraining_KeepsTheLargestNumbersTimesTheirGates()
    {
        using var scene = new Scene(phase: 1);
        scene.Rows.RowTables[1].Row(0).Clear();

        PhaseEnd end = s_method.EndPhase(new PhaseContext(scene.Request, scene.Layout, scene.Rows.RowTables, 1, 1));
        using MethodState state = end.State;
        MethodLayout pruned = s_method.Build(scene.Request with { State = state });
        using var served = new MemoryRowStore(pruned.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        end.Fill!(served.RowTables);

        float[] row = new float[4];
        for (int id = 0; id < 3; id++)
        {
            served.RowTables[0].ReadRow(id, row);
            Assert.All(row, x => Assert.Equal(0, x));
        }

        Assert.Equal(scene.Layout.ServeByteCount, pruned.ByteCount);
    }

    private sealed class Scene : IDisposable
    {
        private readonly EmbeddingCollection _collection;
        private readonly LookupPlan _plan;

        public Scene(int phase = 0)
        {
            Request = MethodCases.Request("", 4, Budget.OfFraction(0.3), s_field) with { State = new MethodState(phase) };
            Layout = s_method.Build(Request);
            Rows = new MemoryRowStore(Layout.Tables, SparseOptimizers.Create("adagrad", new()), seed: 1);
            _collection = new([new EmbeddingFeature("f", s_field[0], IsSingle: true)], [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], Layout)]);
            _plan = _collection.CreatePlan();
        }

        public MethodRequest Request { get; }

        public MethodLayout Layout { get; }

        public MemoryRowStore Rows { get; }

        public RowBatch[] Batches => _plan.Batches.ToArray();

        public float[] Look(long id)
        {
            _collection.Plan([ReferenceScene.Single(id)], _plan);
            _collection.Gather(_plan, Rows);
            float[] vector = new float[4];
            _collection.Forward(_plan, 0, vector);
            return vector;
        }

        public void Gradients(long id, float[] gradient)
        {
            Look(id);
            _collection.Backward(_plan, 0, gradient);
        }

        public void Step(long id)
        {
            Gradients(id, [1, 1, 1, 1]);
            _collection.Apply(_plan, Rows);
        }

        public void Dispose() => Rows.Dispose();
    }
}
