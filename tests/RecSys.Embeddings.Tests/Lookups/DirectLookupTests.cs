using System.Runtime.InteropServices;
using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Methods;

namespace RecSys.Embeddings.Tests.Lookups;

/// <summary>Look-ups without a plan give what the collection gives.</summary>
public sealed class DirectLookupTests
{
    private const float Tolerance = 1e-5f;

    // More than two blocks of ids, with a rest.
    private const int IdCount = 205;

    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void Read_EveryMethod_EqualsTheCollection(string name, string options, int dimension, double budget)
    {
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);
        using MemoryRowStore store = Store(layout);
        long[] ids = Ids(IdCount);
        float[] actual = new float[IdCount * dimension];

        new DirectLookup(layout, MethodCases.Item, store).Read(ids, actual);

        AssertClose(Forward(layout, store, ids, null, Pooling.None), actual);
    }

    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void ReadPooled_EveryMethod_EqualsTheCollection(string name, string options, int dimension, double budget)
    {
        // Small bags, empty ones at the start, between and at the end, and one that is larger than a block.
        int[] offsets = [0, 0, 3, 4, 4, 504, 1204, 1211, 1211];
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);
        using MemoryRowStore store = Store(layout);
        var lookup = new DirectLookup(layout, MethodCases.Item, store);
        long[] ids = Ids(offsets[^1]);
        foreach (bool isMean in (bool[])[false, true])
        {
            float[] actual = new float[(offsets.Length - 1) * dimension];
            lookup.ReadPooled(ids, offsets, isMean, actual);

            AssertClose(Forward(layout, store, ids, offsets, isMean ? Pooling.Mean : Pooling.Sum), actual);
        }
    }

    // Rows that were brought from somewhere else give the same bits.
    [Theory]
    [MemberData(nameof(MethodCases.All), MemberType = typeof(MethodCases))]
    public void Read_FetchedRows_EqualsTablesInMemory(string name, string options, int dimension, double budget)
    {
        int[] offsets = [0, 0, 3, 4, 4, 504, 1204, 1211, 1211];
        MethodLayout layout = MethodCases.Build(name, options, dimension, budget);
        using MemoryRowStore store = Store(layout);
        var here = new DirectLookup(layout, MethodCases.Item, store);
        var elsewhere = new DirectLookup(layout, MethodCases.Item);
        long[] ids = Ids(offsets[^1]);
        var fetched = new FetchedRows(layout.Tables, firstTable: 0);
        foreach (int count in (int[])[1, IdCount, offsets[^1]])
        {
            fetched.Clear();
            elsewhere.AddRows(ids.AsSpan(0, count), fetched);
            store.Gather(fetched.Batches);

            AssertSame(count * dimension, v => here.Read(ids.AsSpan(0, count), v), v => elsewhere.Read(ids.AsSpan(0, count), v, fetched));
        }

        foreach (bool isMean in (bool[])[false, true])
            AssertSame((offsets.Length - 1) * dimension, v => here.ReadPooled(ids, offsets, isMean, v), v => elsewhere.ReadPooled(ids, offsets, isMean, v, fetched));
    }

    [Theory]
    [InlineData("full", "")]
    [InlineData("qr", "combine=add")]
    [InlineData("low_dimension", "projection=per_field")]
    public void Read_IdOutsideTheVocabulary_IsAnError(string name, string options)
    {
        MethodLayout layout = MethodCases.Build(name, options, 4, 1);
        using MemoryRowStore store = Store(layout);
        var lookup = new DirectLookup(layout, MethodCases.Item, store);

        Assert.Throws<ArgumentOutOfRangeException>(() => lookup.Read([1, 1 << 20], new float[8]));
        Assert.ThrowsAny<ArgumentException>(() => lookup.Read([1, 2], new float[7]));
    }

    [Fact]
    public void Create_StoreOfOtherTables_IsAnError()
    {
        using MemoryRowStore store = Store(MethodCases.Build("full", "", 4, 1));

        Assert.Throws<ArgumentException>(() => new DirectLookup(MethodCases.Build("full", "", 8, 1), MethodCases.Item, store));
    }

    private static MemoryRowStore Store(MethodLayout layout) => new(layout.Tables, SparseOptimizers.Create("sgd", new SparseOptimizerOptions()), 3);

    private static long[] Ids(int count) => [.. Enumerable.Range(0, count).Select(i => (long)(i * 17 % MethodCases.Item.VocabularySize))];

    private static float[] Forward(MethodLayout layout, MemoryRowStore store, long[] ids, int[]? offsets, Pooling pooling)
    {
        var feature = new EmbeddingFeature("item", MethodCases.Item, IsSingle: offsets is null);
        var collection = new EmbeddingCollection([feature], [new EmbeddingSet("s", [new PooledFeature(0, pooling)], layout)]);
        var bags = new JaggedIds(offsets is null);
        for (int i = 0; i < (offsets is null ? ids.Length : offsets.Length - 1); i++)
            bags.Add(offsets is null ? ids.AsSpan(i, 1) : ids.AsSpan(offsets[i], offsets[i + 1] - offsets[i]));
        LookupPlan plan = collection.CreatePlan();
        collection.Plan([bags], plan);
        collection.Gather(plan, store);
        float[] output = new float[collection.OutputLength(plan, 0)];
        collection.Forward(plan, 0, output);
        return output;
    }

    private static void AssertSame(int length, Action<float[]> expected, Action<float[]> actual)
    {
        float[] first = new float[length];
        float[] second = new float[length];
        expected(first);
        actual(second);
        Assert.Equal(MemoryMarshal.Cast<float, int>(first), MemoryMarshal.Cast<float, int>(second));
    }

    private static void AssertClose(float[] expected, float[] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int i = 0; i < expected.Length; i++)
            Assert.Equal(expected[i], actual[i], Tolerance * Math.Max(1, Math.Abs(expected[i])));
    }
}
