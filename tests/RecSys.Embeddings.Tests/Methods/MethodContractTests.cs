using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>What every method of the registry has to keep.</summary>
public sealed class MethodContractTests
{
    private const double Tolerance = 2e-5;

    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void Forward_EveryMethod_EqualsTheDefinition(string name, string options, int dimension, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);
        EmbeddingCollection collection = ReferenceScene.Collection(layout);
        using var store = new ArrayRowStore(collection.Tables);
        LookupPlan plan = Gathered(collection, store);
        var output = new float[collection.OutputLength(plan, 0)];
        output.AsSpan().Fill(float.NaN);

        collection.Forward(plan, 0, output);

        double[] expected = ReferenceScene.Output(new ReferenceVectors(name, options, layout, ToDouble(store.Values)), dimension);
        AssertClose(expected, output);
    }

    [Theory]
    [MemberData(nameof(MethodCases.Differentiable), MemberType = typeof(MethodCases))]
    public void Backward_EveryMethod_EqualsFiniteDifferences(string name, string options, int dimension, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);
        EmbeddingCollection collection = ReferenceScene.Collection(layout);
        using var store = new ArrayRowStore(collection.Tables);
        LookupPlan plan = Gathered(collection, store);
        float[] gradient = RandomNumbers(collection.OutputLength(plan, 0));

        collection.Backward(plan, 0, gradient);

        double[][] values = ToDouble(store.Values);
        double[][] expected = [.. values.Select(v => new double[v.Length])];
        var reference = new ReferenceVectors(name, options, layout, values);
        foreach (var (field, id, vectorGradient) in ReferenceScene.VectorGradients(gradient, dimension))
            reference.AddGradients(field, id, vectorGradient, expected, []);
        for (int table = 0; table < values.Length; table++)
        {
            float[] dense = DenseGradient(plan.Batches[table], values[table].Length);
            for (int i = 0; i < dense.Length; i++)
                Assert.Equal(expected[table][i], dense[i], Tolerance * 10);
        }
    }

    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void Forward_Batch_EqualsSingleLookups(string name, string options, int dimension, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);
        EmbeddingFeature[] features = [new("item", MethodCases.Item, IsSingle: true)];
        var collection = new EmbeddingCollection(features, [new EmbeddingSet("s", [new PooledFeature(0, Pooling.Sum)], layout)]);
        using var store = new ArrayRowStore(collection.Tables);
        long[] ids = [.. Enumerable.Range(0, 61).Select(i => (long)(i * 17 % 61))];

        float[] batch = Lookup(collection, store, ids);

        Assert.Equal(ids.SelectMany(id => Lookup(collection, store, id)), batch);
    }

    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void Build_EveryMethod_StaysWithinTheBudget(string name, string options, int dimension, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);

        long asked = Budget.OfFraction(budget).Resolve(124L * dimension * sizeof(float));
        Assert.InRange(layout.ServeByteCount, 1, asked);
        Assert.Equal(layout.Tables.Sum(t => t.RowCount * t.Width * 4) + layout.AuxiliaryBytes, layout.ByteCount);
        Assert.Equal(layout.Tables.Count, layout.Tables.Select(t => t.Name).Distinct().Count());
        Assert.Equal(MethodCases.Fields, layout.Fields.Select(f => f.Field));
    }

    [Theory]
    [MemberData(nameof(MethodCases.ExactSize), MemberType = typeof(MethodCases))]
    public void Build_MethodsSteeredByBytes_MeetTheBudget(string name, string options, int dimension, double budget)
    {
        EmbeddingField[] fields = [new("a", 40_000), new("b", 900), new("c", 3), new("d", 12_345), new("e", 1)];

        MethodLayout layout = MethodCases.Build(name, options, dimension, budget, fields);

        long asked = Budget.OfFraction(budget).Resolve(fields.Sum(f => f.VocabularySize) * dimension * sizeof(float));
        Assert.InRange(layout.ServeByteCount, 0.98 * asked, asked);
    }

    [Theory]
    [MemberData(nameof(MethodCases.Variants), MemberType = typeof(MethodCases))]
    public void Build_BudgetTooSmall_StatesASizeThatWorks(string name, string options)
    {
        EmbeddingMethod method = EmbeddingMethods.Get(name);

        foreach (RowFormat format in MethodDefinitions.Of(name).TakesCodes ? [RowFormat.Fp32, RowFormat.Int8] : new[] { RowFormat.Fp32 })
        {
            var error = Assert.Throws<BudgetException>(() => Build(3));

            Assert.Contains($"{error.SmallestByteCount} bytes", error.Message, StringComparison.Ordinal);
            Assert.Equal(error.SmallestByteCount, Build(error.SmallestByteCount).ServeByteCount);
            Assert.Throws<BudgetException>(() => Build(error.SmallestByteCount - 1));

            MethodLayout Build(long byteCount) => method.Build(
                MethodCases.Request(options, 16, Budget.OfBytes(byteCount)) with { Precision = RowPrecision.Fp32 with { Format = format } });
        }
    }

    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void Address_EveryId_LiesInTheTable(string name, string options, int dimension, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);

        foreach (FieldLayout field in layout.Fields)
        {
            long[] ids = [.. Enumerable.Range(0, (int)field.Field.VocabularySize)];
            foreach (RowSource source in field.Sources.Where(s => s is { IsCode: false, Addressing: not null }))
            {
                var rows = new long[ids.Length];
                source.Addressing!.Address(ids, rows);
                Assert.All(rows, r => Assert.InRange(r, 0, layout.Tables[source.Table].RowCount - 1));
            }
        }
    }

    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void Build_OtherFieldOrder_KeepsRowsOfEveryField(string name, string options, int dimension, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);
        MethodLayout reversed = MethodCases.Build(name, options, dimension, budget, [.. MethodCases.Fields.Reverse()]);

        foreach (EmbeddingField field in MethodCases.Fields)
            Assert.Equal(Addresses(layout, field), Addresses(reversed, field));
    }

    [Theory]
    [MemberData(nameof(MethodCases.Variants), MemberType = typeof(MethodCases))]
    public void Build_UnknownOption_NamesValidOnes(string name, string options)
    {
        var error = Assert.Throws<ArgumentException>(
            () => EmbeddingMethods.Get(name).Build(MethodCases.Request($"{options} no_such_option=1", 4, Budget.Full)));

        Assert.Contains("no_such_option", error.Message, StringComparison.Ordinal);
        Assert.All(EmbeddingMethods.Get(name).OptionNames, o => Assert.Contains(o, error.Message, StringComparison.Ordinal));
    }

    private static List<(string Table, string Rows)> Addresses(MethodLayout layout, EmbeddingField field)
    {
        long[] ids = [.. Enumerable.Range(0, (int)field.VocabularySize)];
        var addresses = new List<(string, string)>();
        foreach (RowSource source in layout.Of(field).Sources)
        {
            var rows = new long[ids.Length];
            source.Addressing?.Address(ids, rows);
            addresses.Add((source.IsCode ? "" : layout.Tables[source.Table].Name, string.Join(' ', rows)));
        }

        return addresses;
    }

    private static LookupPlan Gathered(EmbeddingCollection collection, ArrayRowStore store)
    {
        LookupPlan plan = collection.CreatePlan();
        collection.Plan(ReferenceScene.Ids, plan);
        collection.Gather(plan, store);
        return plan;
    }

    private static float[] Lookup(EmbeddingCollection collection, ArrayRowStore store, params long[] ids)
    {
        LookupPlan plan = collection.CreatePlan();
        collection.Plan([ReferenceScene.Single(ids)], plan);
        collection.Gather(plan, store);
        var output = new float[collection.OutputLength(plan, 0)];
        collection.Forward(plan, 0, output);
        return output;
    }

    private static float[] DenseGradient(RowBatch batch, int length)
    {
        var dense = new float[length];
        for (int i = 0; i < batch.Count; i++)
            batch.Gradients.Slice(i * batch.Width, batch.Width).CopyTo(dense.AsSpan((int)batch.Rows[i] * batch.Width));
        return dense;
    }

    private static double[][] ToDouble(float[][] values) => [.. values.Select(v => v.Select(x => (double)x).ToArray())];

    private static float[] RandomNumbers(int count)
    {
        var random = new Random(11);
        return [.. Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() - 0.5))];
    }

    private static void AssertClose(double[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], Tolerance);
    }
}
