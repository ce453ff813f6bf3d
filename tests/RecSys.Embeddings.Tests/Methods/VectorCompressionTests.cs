using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>Every method that can be made from trained vectors, with its options, at several dimensions and budgets.</summary>
[Collection(OutstandingMemory.Name)]
public sealed class VectorCompressionTests
{
    public static TheoryData<string, string, int, double> Cases
    {
        get
        {
            var data = new TheoryData<string, string, int, double>();
            foreach (var c in MethodCases.All.Where(c => IsApplicable((string)c[0], (string)c[1])))
                data.Add((string)c[0], (string)c[1], (int)c[2], (double)c[3]);
            return data;
        }
    }

    public static TheoryData<string, string> Variants
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (var v in MethodCases.Variants.Where(v => IsApplicable((string)v[0], (string)v[1])))
                data.Add((string)v[0], (string)v[1]);
            return data;
        }
    }

    [Fact]
    public void AfterTraining_Methods_AreThoseOfTheDocumentation()
        => Assert.Equal(["full", "low_dimension", "mixed_dimension", "tt_rec", "dedup", "dpq", "mgqe", "deeplight"], EmbeddingMethods.AfterTraining.Select(m => m.Name));

    [Theory]
    [MemberData(nameof(Cases))]
    public void Compress_Budget_TakesThePredictedBytes(string name, string options, int dimension, double budget)
    {
        MethodRequest request = MethodCases.Request(options, dimension, Budget.OfFraction(budget));
        MethodLayout planned = EmbeddingMethods.Get(name).Build(request);
        using var vectors = Vectors(dimension);

        using Compressed compressed = Compress(name, request, vectors);

        Assert.InRange(compressed.Layout.ByteCount, 1, request.BudgetByteCount);
        Assert.Equal(planned.ServeByteCount, compressed.Layout.ByteCount);
        Assert.Equal(planned.ServeAuxiliaryBytes, compressed.Layout.AuxiliaryBytes);
        Assert.Equal(compressed.Layout.ByteCount - compressed.Layout.AuxiliaryBytes, compressed.Rows.RowTables.Sum(t => t.Rows.ByteCount));
        Assert.Equal(EmbeddingMethods.Get(name).Phases(request.Options).Count - 1, compressed.State.Phase);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Compress_FieldsStoredInFull_KeepTheirVectors(string name, string options, int dimension, double budget)
    {
        using var vectors = Vectors(dimension);
        using Compressed compressed = Compress(name, MethodCases.Request(options, dimension, Budget.OfFraction(budget)), vectors);

        foreach (var (field, f) in MethodCases.Fields.Select((field, f) => (field, f)))
        {
            FieldLayout layout = compressed.Layout.Of(field);
            if (layout.Sources is [{ Addressing: IdentityAddressing } own] && compressed.Layout.Tables[own.Table] is { IsPlain: true } table && table.Width == dimension)
                Assert.Equal(vectors.RowTables[f].Floats(0, (int)field.VocabularySize).ToArray(), Read(compressed, field));
        }
    }

    // Zeros, or one mean for all, would leave all squares or nearly so; blocks of several rows that differ may lose more.
    [Theory]
    [MemberData(nameof(Variants))]
    public void Compress_LargerBudget_LosesLess(string name, string options)
    {
        using var vectors = Vectors(8);
        double all = vectors.RowTables.Sum(t => t.Floats(0, (int)t.Spec.RowCount).ToArray().Sum(x => (double)x * x));
        double[] errors = [.. ((double[])[0.5, 0.9, 1]).Where(b => name != "full" || b == 1).Select(budget =>
        {
            using Compressed compressed = Compress(name, MethodCases.Request(options, 8, Budget.OfFraction(budget)), vectors);
            return SquaredError(compressed, vectors) / all;
        })];

        Assert.InRange(errors[0], 0, options.StartsWith("block=", StringComparison.Ordinal) ? 2 : 0.6);
        Assert.Equal(errors.OrderDescending(), errors);
        Assert.InRange(errors[^1], 0, 0.2);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Compress_RowsOfInt8_LosesLittleMoreThanFp32(string name, string options)
    {
        if (name == "deeplight")
            return;
        using var vectors = Vectors(8);
        MethodRequest request = MethodCases.Request(options, 8, Budget.OfFraction(1));
        MethodRequest coded = request with { Precision = RowPrecision.Parse("int8"), Budget = Budget.OfFraction(0.6) };

        using Compressed compressed = Compress(name, coded, vectors);

        double all = vectors.RowTables.Sum(t => t.Floats(0, (int)t.Spec.RowCount).ToArray().Sum(x => (double)x * x));
        Assert.Equal(EmbeddingMethods.Get(name).Build(coded).ServeByteCount, compressed.Layout.ByteCount);
        Assert.InRange(compressed.Layout.ByteCount, 1, coded.BudgetByteCount);
        Assert.InRange(SquaredError(compressed, vectors) / all, 0, name is "tt_rec" or "dpq" or "mgqe" or "mixed_dimension" ? 0.2 : 0.002);
    }

    [Theory]
    [MemberData(nameof(Variants))]
    public void Compress_Twice_GivesTheSameBits(string name, string options)
    {
        using var vectors = Vectors(4);
        MethodRequest request = MethodCases.Request(options, 4, Budget.OfFraction(name == "full" ? 1 : 0.7));
        using Compressed first = Compress(name, request, vectors);
        using Compressed second = Compress(name, request, vectors);

        foreach (EmbeddingField field in MethodCases.Fields)
            Assert.Equal(Read(first, field), Read(second, field));
    }

    // The conversion at the end of a training phase, with tables that hold the vectors.
    [Theory]
    [InlineData("dedup", "block=4")]
    [InlineData("deeplight", "")]
    [InlineData("dpq", "")]
    [InlineData("mgqe", "parts=2")]
    public void Compress_AndTheEndOfAPhase_GiveTheSame(string name, string options)
    {
        EmbeddingMethod method = EmbeddingMethods.Get(name);
        MethodRequest request = MethodCases.Request(options, 8, Budget.OfFraction(0.5));
        using var vectors = Vectors(8);
        using Compressed compressed = Compress(name, request, vectors);
        MethodLayout layout = method.Build(request);
        using var trained = new MemoryRowStore(layout.Tables, SparseOptimizers.Create("sgd", new()), seed: 1);
        foreach (var (field, f) in MethodCases.Fields.Select((field, f) => (field, f)))
            trained.RowTables[layout.Of(field).Sources[0].Table].CopyFrom(vectors.RowTables[f]);
        foreach (RowTable codebook in trained.RowTables.Where(t => t.Spec.Name.EndsWith("/codebook", StringComparison.Ordinal)))
            codebook.CopyFrom(compressed.Rows.RowTables.Single(t => t.Spec.Name == codebook.Spec.Name));

        PhaseEnd end = method.EndPhase(new PhaseContext(request, layout, trained.RowTables, 1, 1));

        using MethodState state = end.State;
        Assert.True(state.HasSameNumbers(compressed.State));
        using var ended = new MemoryRowStore(method.Build(request with { State = state }).Tables, SparseOptimizers.Create("sgd", new()), seed: 1);
        end.Fill!(ended.RowTables);
        if (layout.Tables.All(t => !t.Name.EndsWith("/query", StringComparison.Ordinal)))
            Assert.Equal(ended.RowTables.Select(t => t.Rows.Span(0, (int)t.Rows.Length).ToArray()), compressed.Rows.RowTables.Select(t => t.Rows.Span(0, (int)t.Rows.Length).ToArray()));
    }

    [Theory]
    [InlineData("dpq")]
    [InlineData("mgqe")]
    public void Compress_Codes_AreThoseOfTheNearestCentroids(string name)
    {
        EmbeddingField[] fields = [new("f", 500)];
        using var vectors = new MemoryRowStore([new TableSpec("f", 500, 4, Initializer.Normal(1))], SparseOptimizers.Create("sgd", new()), seed: 2);
        using Compressed compressed = Compress(name, MethodCases.Request("parts=2", 4, Budget.OfFraction(0.2), fields), vectors, fields);
        float[] actual = Read(compressed, fields[0]);
        RowTable codebook = compressed.Rows.RowTables[0];
        int perPart = (int)codebook.Spec.RowCount / 2;
        for (int id = 0; id < 500; id++)
        {
            int usable = name == "mgqe" && id >= 50 ? perPart / 4 : perPart;
            for (int part = 0; part < 2; part++)
            {
                float[] own = vectors.RowTables[0].Row(id).Slice(part * 2, 2).ToArray();
                double least = Enumerable.Range(part * perPart, usable).Min(c => Distance(own, codebook.Row(c)));
                Assert.Equal(least, Distance(own, actual.AsSpan((id * 4) + (part * 2), 2)), 1e-5);
            }
        }
    }

    [Fact]
    public void Compress_LowDimensionWithoutProjection_SaysWhatIsValid()
    {
        using var vectors = Vectors(4);
        var error = Assert.Throws<ArgumentException>(() => Compress("low_dimension", MethodCases.Request("", 4, Budget.OfFraction(0.5)), vectors));

        Assert.Contains("valid: projection: per_field", error.Message, StringComparison.Ordinal);
    }

    private static bool IsApplicable(string name, string options)
        => EmbeddingMethods.Get(name) is IVectorCompression && (name != "low_dimension" || options.Length > 0);

    private static Compressed Compress(string name, MethodRequest request, MemoryRowStore vectors, IReadOnlyList<EmbeddingField>? fields = null)
    {
        EmbeddingMethod method = EmbeddingMethods.Get(name);
        PhaseEnd end = ((IVectorCompression)method).Compress(request, vectors.RowTables);
        MethodLayout layout = method.Build(request with { State = end.State });
        var rows = new MemoryRowStore(layout.Tables, SparseOptimizers.Create("sgd", new()), seed: 5);
        end.Fill!(rows.RowTables);
        Assert.Equal((fields ?? MethodCases.Fields).Count, vectors.Tables.Count);
        return new Compressed(layout, rows, end.State);
    }

    // The later columns are smaller, and every fourth id has the same vector but for a little noise.
    private static MemoryRowStore Vectors(int dimension)
    {
        var store = new MemoryRowStore([.. MethodCases.Fields.Select(f => new TableSpec(f.Name, f.VocabularySize, dimension, Initializer.Normal(1)))], SparseOptimizers.Create("sgd", new()), seed: 2);
        foreach (RowTable table in store.RowTables)
        {
            for (long id = 0; id < table.Spec.RowCount; id++)
            {
                for (int column = 0; column < dimension; column++)
                    table.Row(id)[column] = (id % 4 == 3 ? table.Row(3)[column] + (1e-3f * table.Row(id)[column]) : table.Row(id)[column]) / (1 + column);
            }
        }

        return store;
    }

    private static double SquaredError(Compressed compressed, MemoryRowStore vectors)
        => MethodCases.Fields.Select((field, f) => Distance(vectors.RowTables[f].Floats(0, (int)field.VocabularySize), Read(compressed, field))).Sum();

    private static double Distance(ReadOnlySpan<float> a, ReadOnlySpan<float> b)
    {
        double sum = 0;
        for (int i = 0; i < a.Length; i++)
            sum += Math.Pow(a[i] - b[i], 2);
        return sum;
    }

    private static float[] Read(Compressed compressed, EmbeddingField field)
    {
        var vectors = new float[field.VocabularySize * compressed.Layout.Dimension];
        new DirectLookup(compressed.Layout, field, compressed.Rows).Read([.. Enumerable.Range(0, (int)field.VocabularySize)], vectors);
        return vectors;
    }

    private sealed record Compressed(MethodLayout Layout, MemoryRowStore Rows, MethodState State) : IDisposable
    {
        public void Dispose()
        {
            Rows.Dispose();
            State.Dispose();
        }
    }
}
