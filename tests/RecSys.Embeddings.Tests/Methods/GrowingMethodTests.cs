using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Methods;

[Collection(OutstandingMemory.Name)]
public sealed class GrowingMethodTests
{
    private static readonly EmbeddingMethod s_method = EmbeddingMethods.Get("growing");
    private static readonly EmbeddingField s_a = new("a", 1000);
    private static readonly EmbeddingField s_b = new("b", 3000);

    [Fact]
    public void Build_Budget_IsRowsWithKeysAndARowPerField()
    {
        MethodLayout layout = MethodCases.Build("growing", "", 16, 0.1, [s_a, s_b]);

        // 25,600 bytes; a row takes 64, and its key 12 bits in words of 64. Rows come in eights.
        TableSpec table = Assert.Single(layout.Tables);
        Assert.Equal(2 + ((25_600 - (2 * 64) - 8) * 8 / ((64 * 8) + 12) / 8 * 8), table.RowCount);
        Assert.Equal((((table.RowCount - 2) * 12) + 63) / 64 * 8, layout.ServeAuxiliaryBytes);
        Assert.Equal((64 * table.RowCount) + layout.ServeAuxiliaryBytes, layout.ServeByteCount);
    }

    [Fact]
    public void Build_NoRoomForABucket_GivesEveryFieldOneRow()
    {
        MethodRequest request = MethodCases.Request("", 16, Budget.OfBytes(2 * 64), [s_a, s_b]);
        MethodLayout layout = s_method.Build(request);

        Assert.Equal(2, layout.Tables[0].RowCount);
        Assert.Null(s_method.BeforeEpoch(new PhaseContext(request, layout, [], 0, 0)));
    }

    [Fact]
    public void AfterStep_NewIds_HaveRowsThatBeginAsTheirFieldsOne()
    {
        using Scene scene = Scene.Begin("");
        RowTable table = scene.Rows.RowTables[0];
        (long rowOfA, long rowOfB) = (scene.Row(s_a, 5), scene.Row(s_b, 5));
        table.State(rowOfA).Fill(7);
        float[][] fields = [table.Row(rowOfA).ToArray(), table.Row(rowOfB).ToArray()];

        // The larger field comes first.
        Assert.Equal((scene.RowCount + 1, scene.RowCount), (rowOfA, rowOfB));
        scene.Step(1, (s_a, [5, 6, 5]), (s_b, [5]));

        long[] rows = [scene.Row(s_a, 5), scene.Row(s_a, 6), scene.Row(s_b, 5)];
        Assert.Equal(3, rows.Distinct().Count(row => row < scene.RowCount));
        Assert.Equal([fields[0], fields[0], fields[1]], rows.Select(row => table.Row(row).ToArray()));
        Assert.All(rows, row => Assert.Equal(0, table.State(row)[0]));
        Assert.Equal(rowOfA, scene.Row(s_a, 7));
    }

    // One definition of both rules: a list of the ids of a bucket, of which the one with the smallest number makes way.
    [Theory]
    [InlineData("evict=lru")]
    [InlineData("evict=lfu")]
    public void AfterStep_FullBucket_EvictsByTheRule(string options)
    {
        using Scene scene = Scene.Begin(options, Budget.OfBytes(32 + (8 * 20)), [s_a]);
        Assert.Equal(8, scene.RowCount);
        Dictionary<long, (int Number, int Place)> expected = [];
        var random = new Random(3);
        for (int step = 1; step < 200; step++)
        {
            long[] ids = [.. Enumerable.Range(0, 4).Select(_ => (long)(random.NextDouble() * random.NextDouble() * 20))];
            scene.Step((uint)step, (s_a, ids));
            foreach (long id in ids)
                Use(id, step);

            Assert.Equal(expected.Keys.Order(), Enumerable.Range(0, 20).Select(id => (long)id).Where(id => scene.Row(s_a, id) < 8));
            Assert.All(expected, entry => Assert.Equal(entry.Value.Place, scene.Row(s_a, entry.Key)));
        }

        void Use(long id, int step)
        {
            bool isCounted = options == "evict=lfu";
            if (expected.TryGetValue(id, out var known))
            {
                expected[id] = (isCounted ? known.Number + 1 : step, known.Place);
                return;
            }

            int place = expected.Count;
            if (place == 8)
            {
                var worst = expected.MinBy(entry => (entry.Value.Number, entry.Value.Place));
                if (!isCounted && worst.Value.Number == step)
                    return;
                place = worst.Value.Place;
                expected.Remove(worst.Key);
            }

            expected.Add(id, (isCounted ? 1 : step, place));
        }
    }

    [Fact]
    public void AfterStep_MoreNewIdsThanRows_TakesNoRowThatTheStepUsed()
    {
        using Scene scene = Scene.Begin("evict=lru", Budget.OfBytes(32 + (8 * 20)), [s_a]);

        scene.Step(1, (s_a, [.. Enumerable.Range(0, 20).Select(id => (long)id)]));

        Assert.Equal(Enumerable.Range(0, 8).Select(id => (long)id), Enumerable.Range(0, 20).Select(id => scene.Row(s_a, id)).Where(row => row < 8));
    }

    [Fact]
    public void AfterStep_AdmissionByChance_IsDrawnOncePerIdAndStep()
    {
        using Scene scene = Scene.Begin("admission=0.25");
        long[] ids = [.. Enumerable.Range(0, 800).Select(id => (long)id)];

        scene.Step(1, (s_a, [.. ids, .. ids, .. ids]));
        int once = ids.Count(id => scene.Row(s_a, id) < scene.RowCount);
        scene.Step(2, (s_a, ids));
        int twice = ids.Count(id => scene.Row(s_a, id) < scene.RowCount);

        Assert.InRange(once, 150, 250);
        Assert.InRange(twice, 280, 420);
    }

    [Fact]
    public void EndPhase_KeepsRowsAndKeysAlone()
    {
        using Scene scene = Scene.Begin("");
        scene.Step(1, (s_a, [900, 3]), (s_b, [30, 2999]));
        (EmbeddingField, long)[] ids = [(s_a, 900), (s_a, 3), (s_b, 30), (s_b, 2999), (s_b, 31)];

        using Scene served = scene.Serve();

        Assert.Equal(scene.Read(ids), served.Read(ids));
        Assert.Equal(scene.Layout.ServeByteCount, served.Layout.ByteCount);
        Assert.Single(served.Layout.Fields[0].Sources);
    }

    private sealed record Scene(MethodRequest Request, MethodLayout Layout, MemoryRowStore Rows) : IDisposable
    {
        public long RowCount => Request.State.Arrays["keys"].Length;

        public static Scene Begin(string options, Budget? budget = null, EmbeddingField[]? fields = null)
        {
            MethodRequest request = MethodCases.Request(options, 4, budget ?? Budget.OfFraction(0.5), fields ?? [s_a, s_b]);
            PhaseEnd first = s_method.BeforeEpoch(new PhaseContext(request, s_method.Build(request), [], 0, 0))!;
            return Of(request with { State = first.State });
        }

        public long Row(EmbeddingField field, long id)
        {
            var rows = new long[1];
            Layout.Of(field).Sources[^1].Addressing!.Address([id], rows);
            return rows[0];
        }

        public float[][] Read(params (EmbeddingField Field, long Id)[] ids) => [.. ids.Select(i => Rows.RowTables[0].Row(Row(i.Field, i.Id)).ToArray())];

        public void Step(uint step, params (EmbeddingField Field, long[] Ids)[] notes)
            => s_method.AfterStep(new PhaseContext(Request, Layout, Rows.RowTables, step, 1000) { Notes = [.. notes.Select(n => new IdNotes(n.Field, n.Ids, new float[n.Ids.Length]))] });

        public Scene Serve()
        {
            PhaseEnd end = s_method.EndPhase(new PhaseContext(Request, Layout, Rows.RowTables, 1, 1));
            Scene served = Of(Request with { State = end.State });
            end.Fill!(served.Rows.RowTables);
            return served;
        }

        public void Dispose()
        {
            Rows.Dispose();
            Request.State.Dispose();
        }

        private static Scene Of(MethodRequest request)
        {
            MethodLayout layout = s_method.Build(request);
            return new Scene(request, layout, new MemoryRowStore(layout.Tables, SparseOptimizers.Create("adagrad", new()), seed: 5));
        }
    }
}
