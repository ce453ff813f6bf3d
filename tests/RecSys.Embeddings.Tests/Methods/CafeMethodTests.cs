using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Methods;

[Collection(OutstandingMemory.Name)]
public sealed class CafeMethodTests
{
    private static readonly EmbeddingMethod s_method = EmbeddingMethods.Get("cafe");
    private static readonly EmbeddingField s_a = new("a", 1000);
    private static readonly EmbeddingField s_b = new("b", 3000);

    [Fact]
    public void Build_Budget_IsSplitBetweenHotRowsWithKeysAndSharedRows()
    {
        MethodLayout layout = MethodCases.Build("cafe", "hash_rate=0.4", 16, 0.1, [s_a, s_b]);

        // 25,600 bytes; a hot row takes 64, and its key 12 bits in words of 64.
        long hot = (15_360 - 8) * 8 / ((64 * 8) + 12);
        long keys = ((hot * 12) + 63) / 64 * 8;
        TableSpec table = Assert.Single(layout.Tables);
        Assert.Equal(hot + ((25_600 - keys - (hot * 64)) / 64), table.RowCount);
        Assert.Equal(keys, layout.ServeAuxiliaryBytes);
        Assert.Equal((64 * table.RowCount) + keys, layout.ServeByteCount);
    }

    [Fact]
    public void Build_OptionsThatAreNotSet_GoWithTheBudget()
    {
        EmbeddingField[] fields = [new("f", 1_000_000)];

        Assert.Equal(Keys("hash_rate=0.7", 0.5), Keys("", 0.5));
        Assert.Equal(Keys("hash_rate=0.1", 1e-4), Keys("", 1e-4));

        long Keys(string options, double budget) => MethodCases.Build("cafe", options, 16, budget, fields).ServeAuxiliaryBytes;
    }

    [Fact]
    public void Build_NoRoomForBuckets_SharesAllRows()
    {
        MethodRequest request = MethodCases.Request("", 16, Budget.OfBytes(2 * 64), [s_a, s_b]);
        MethodLayout layout = s_method.Build(request);

        Assert.Equal(2, layout.Tables[0].RowCount);
        Assert.Null(s_method.BeforeEpoch(new PhaseContext(request, layout, [], 0, 0)));
    }

    [Fact]
    public void AfterStep_LargeGradients_GiveRowsThatBeginAsTheSharedOnes()
    {
        using Scene scene = Scene.Begin("threshold=3");
        RowTable table = scene.Rows.RowTables[0];
        for (long row = 0; row < table.Spec.RowCount; row++)
            table.State(row).Fill(row + 0.5f);
        float[][] before = scene.Read((s_a, 7), (s_b, 7), (s_b, 8));

        // Divided by their mean of 2, the norms are 3, 0.5, 0.5 and 0.
        scene.Step((s_a, [7, 8], [6, 1]), (s_b, [7, 8], [1, 0]));

        Assert.Equal(0, scene.Row(s_a, 7));
        Assert.Equal(before, scene.Read((s_a, 7), (s_b, 7), (s_b, 8)));
        Assert.True(scene.Row(s_a, 8) >= scene.HotCount && scene.Row(s_b, 7) >= scene.HotCount);
        Assert.Equal(scene.Addressing(s_a).ColdRow(7) + 0.5f, table.State(0)[0]);
    }

    [Fact]
    public void AfterStep_SeveralOccurrences_AddUp()
    {
        using Scene scene = Scene.Begin("threshold=3");

        scene.Step((s_b, [5, 5, 5, 9], [1, 1, 1, 1]));

        Assert.Equal(0, scene.Row(s_b, 5));
        Assert.True(scene.Row(s_b, 9) >= scene.HotCount);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(float.NaN)]
    public void AfterStep_NormsWithoutASum_ChangeNothing(float norm)
    {
        using Scene scene = Scene.Begin("threshold=1");

        scene.Step((s_a, [1, 2], [norm, 0]));

        Assert.All(scene.Request.State.Arrays.Values, a => Assert.All(Enumerable.Range(0, (int)a.Length), i => Assert.Equal(0u, a[i])));
    }

    [Fact]
    public void EndPhase_FreezesRowsInTheOrderOfTheIds()
    {
        using Scene scene = Scene.Begin("threshold=1");
        scene.Step((s_a, [900, 3], [1, 1]), (s_b, [30, 2999], [1, 1]));
        float[][] trained = scene.Read((s_a, 900), (s_a, 3), (s_b, 30), (s_b, 2999), (s_b, 31));

        using Scene served = scene.Serve();

        // The larger field has the lower keys.
        Assert.Equal([0, 1, 2, 3], new[] { served.Row(s_b, 30), served.Row(s_b, 2999), served.Row(s_a, 3), served.Row(s_a, 900) });
        Assert.Equal(trained, served.Read((s_a, 900), (s_a, 3), (s_b, 30), (s_b, 2999), (s_b, 31)));
        Assert.Equal(scene.Layout.ServeByteCount, served.Layout.ByteCount);
        Assert.Single(served.Layout.Fields[0].Sources);
    }

    private sealed record Scene(MethodRequest Request, MethodLayout Layout, MemoryRowStore Rows) : IDisposable
    {
        public long HotCount => Request.State.Arrays["rows"].Length / 4;

        public static Scene Begin(string options)
        {
            MethodRequest request = MethodCases.Request(options, 4, Budget.OfFraction(0.3), [s_a, s_b]);
            PhaseEnd first = s_method.BeforeEpoch(new PhaseContext(request, s_method.Build(request), [], 0, 0))!;
            return Of(request with { State = first.State });
        }

        public HotColdAddressing Addressing(EmbeddingField field) => (HotColdAddressing)Layout.Of(field).Sources[^1].Addressing!;

        public long Row(EmbeddingField field, long id)
        {
            var rows = new long[1];
            Addressing(field).Address([id], rows);
            return rows[0];
        }

        public float[][] Read(params (EmbeddingField Field, long Id)[] ids) => [.. ids.Select(i => Rows.RowTables[0].Row(Row(i.Field, i.Id)).ToArray())];

        public void Step(params (EmbeddingField Field, long[] Ids, float[] Norms)[] notes)
            => s_method.AfterStep(new PhaseContext(Request, Layout, Rows.RowTables, 1, 1) { Notes = [.. notes.Select(n => new IdNotes(n.Field, n.Ids, n.Norms))] });

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
