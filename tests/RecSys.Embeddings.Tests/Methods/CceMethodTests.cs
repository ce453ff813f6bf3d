using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Methods;

[Collection(OutstandingMemory.Name)]
public sealed class CceMethodTests
{
    private static readonly EmbeddingMethod s_method = EmbeddingMethods.Get("cce");
    private static readonly EmbeddingField s_large = new("large", 400);

    // Rows of few values have so few sums that every sum is a centroid.
    [Theory]
    [InlineData("", 4)]
    [InlineData("columns=2", 16)]
    [InlineData("columns=1", 7)]
    public void BeforeEpoch_AsManyClustersAsDistinctSums_LeavesAllVectorsUnchanged(string options, int dimension)
    {
        using Scene scene = Scene.Begin(options, dimension, 0.5, s_large);
        foreach (RowTable table in scene.Rows.RowTables)
        {
            for (long row = 0; row < table.Spec.RowCount; row++)
                table.Row(row).Fill(row % 2 == 0 ? 0.25f : 1.5f);
        }

        using Scene clustered = scene.Next(epoch: 1)!;

        Assert.Equal(scene.Vectors(s_large), clustered.Vectors(s_large));
        Assert.All(clustered.Tables("rests"), t => Assert.False(t.Floats(0, (int)t.Spec.RowCount).ContainsAnyExcept(0f)));
    }

    [Fact]
    public void BeforeEpoch_TrainedRows_KeepsVectorsNear()
    {
        using Scene scene = Scene.Begin("", 16, 0.5);
        using Scene clustered = scene.Next(epoch: 1)!;

        foreach (EmbeddingField field in MethodCases.Fields)
        {
            float[] before = scene.Vectors(field);
            float[] after = clustered.Vectors(field);
            Assert.All(after, x => Assert.True(float.IsFinite(x)));
            Assert.InRange(before.Zip(after, (b, a) => Math.Pow(b - a, 2)).Sum(), 0, 0.5 * before.Sum(x => Math.Pow(x, 2)));
        }
    }

    [Fact]
    public void BeforeEpoch_RowsWithoutIds_BeginAtZero()
    {
        using Scene scene = Scene.Begin("columns=1", 16, 0.9, s_large);
        using Scene clustered = scene.Next(epoch: 1)!;

        RowTable rests = Assert.Single(clustered.Tables("rests"));
        long[] used = Rows(clustered.Layout.Fields[0].Sources[1].Addressing!, s_large);
        long[] empty = [.. Enumerable.Range(0, (int)rests.Spec.RowCount).Select(r => (long)r).Except(used)];
        Assert.NotEmpty(empty);
        Assert.All(empty, row => Assert.False(rests.Row(row).ContainsAnyExcept(0f)));
        Assert.All(clustered.Vectors(s_large), x => Assert.True(float.IsFinite(x)));
    }

    [Fact]
    public void BeforeEpoch_Tables_HaveNewOptimizerState()
    {
        using Scene scene = Scene.Begin("", 4, 0.5);
        foreach (RowTable table in scene.Rows.RowTables)
            table.States.Span(0, (int)table.States.Length).Fill(9);

        using Scene clustered = scene.Next(epoch: 1)!;

        Assert.All(clustered.Rows.RowTables, t => Assert.False(t.States.Span(0, (int)t.States.Length).Contains(9f)));
    }

    [Fact]
    public void BeforeEpoch_EveryClustering_TakesAFreshHash()
    {
        using Scene scene = Scene.Begin("", 4, 0.5);
        using Scene first = scene.Next(epoch: 1)!;
        using Scene second = first.Next(epoch: 2)!;

        foreach (int source in new[] { 1, 3, 5, 7 })
        {
            long[][] rows = [.. new[] { scene, first, second }.Select(s => Rows(s.Layout.Fields[1].Sources[source].Addressing!, MethodCases.Item))];
            Assert.NotEqual(rows[0], rows[1]);
            Assert.NotEqual(rows[1], rows[2]);
            Assert.NotEqual(rows[0], rows[2]);
        }
    }

    [Fact]
    public void BeforeEpoch_Clustered_TakesThePredictedBytes()
    {
        using Scene scene = Scene.Begin("", 16, 0.4);
        using Scene clustered = scene.Next(epoch: 1)!;

        Assert.Equal(0, scene.Layout.AuxiliaryBytes);
        Assert.Equal(scene.Layout.ServeByteCount, clustered.Layout.ByteCount);
        Assert.Equal(clustered.Request.State.Arrays.Values.Sum(a => a.ByteCount), clustered.Layout.AuxiliaryBytes);
        Assert.InRange(clustered.Layout.ByteCount, 1, clustered.Request.BudgetByteCount);
    }

    [Theory]
    [InlineData("", 1, 0)]
    [InlineData("", 2, 1)]
    [InlineData("", 3, 2)]
    [InlineData("", 4, 3)]
    [InlineData("", 10, 7)]
    [InlineData("clusterings=2", 10, 2)]
    public void BeforeEpoch_UpToThreeQuartersOfTheEpochs_Clusters(string options, int epochs, int expected)
    {
        using Scene scene = Scene.Begin(options, 4, 0.5);

        int[] clusterings = [.. Enumerable.Range(0, epochs).Where(epoch =>
        {
            using Scene? next = scene.Next(epoch, epochs);
            return next is not null;
        })];

        Assert.Equal(Enumerable.Range(1, expected), clusterings);
    }

    [Fact]
    public void BeforeEpoch_FieldsInFull_StayAsTheyAre()
    {
        using Scene scene = Scene.Begin("", 4, 1);

        Assert.All(scene.Layout.Fields, f => Assert.Single(f.Sources));
        Assert.Null(scene.Next(epoch: 1));
    }

    [Fact]
    public void Build_ColumnsThatDoNotDivideTheDimension_Throws()
    {
        var error = Assert.Throws<ArgumentException>(() => MethodCases.Build("cce", "columns=4", 7, 0.5));

        Assert.Contains("columns must divide the dimension", error.Message, StringComparison.Ordinal);
        Assert.Equal(6, MethodCases.Build("cce", "columns=4", 1, 0.5).Tables.Count);
    }

    [Fact]
    public void Build_StateOfOtherVocabularies_Throws()
    {
        using Scene scene = Scene.Begin("", 4, 0.5, s_large);
        using Scene clustered = scene.Next(epoch: 1)!;

        Assert.Throws<InvalidDataException>(() => s_method.Build(clustered.Request with { Fields = [s_large with { VocabularySize = 401 }] }));
    }

    private static long[] Rows(Addressing addressing, EmbeddingField field)
    {
        long[] ids = [.. Enumerable.Range(0, (int)field.VocabularySize)];
        var rows = new long[ids.Length];
        addressing.Address(ids, rows);
        return rows;
    }

    private sealed record Scene(MethodRequest Request, MethodLayout Layout, MemoryRowStore Rows) : IDisposable
    {
        public static Scene Begin(string options, int dimension, double budget, params EmbeddingField[] fields)
            => Of(MethodCases.Request(options, dimension, Budget.OfFraction(budget), fields.Length == 0 ? null : fields), null);

        public IEnumerable<RowTable> Tables(string part) => Rows.RowTables.Where(t => t.Spec.Name.EndsWith(part, StringComparison.Ordinal));

        public Scene? Next(int epoch, int epochCount = 100)
        {
            PhaseEnd? change = s_method.BeforeEpoch(new PhaseContext(Request, Layout, Rows.RowTables, 0, 0) { Epoch = epoch, EpochCount = epochCount });
            return change is null ? null : Of(Request with { State = change.State }, change.Fill);
        }

        public float[] Vectors(EmbeddingField field)
        {
            var vectors = new float[field.VocabularySize * Layout.Dimension];
            new DirectLookup(Layout, field, Rows).Read([.. Enumerable.Range(0, (int)field.VocabularySize)], vectors);
            return vectors;
        }

        public void Dispose()
        {
            Rows.Dispose();
            Request.State.Dispose();
        }

        private static Scene Of(MethodRequest request, Action<IReadOnlyList<RowTable>>? fill)
        {
            MethodLayout layout = s_method.Build(request);
            var rows = new MemoryRowStore(layout.Tables, SparseOptimizers.Create("adagrad", new()), seed: 5);
            fill?.Invoke(rows.RowTables);
            return new Scene(request, layout, rows);
        }
    }
}
