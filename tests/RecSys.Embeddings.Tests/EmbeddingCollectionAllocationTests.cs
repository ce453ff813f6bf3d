using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;
using RecSys.Embeddings.Tests.Methods;
using RecSys.Embeddings.Tests.Methods.Definitions;

namespace RecSys.Embeddings.Tests;

[Collection(OutstandingMemory.Name)]
public sealed class EmbeddingCollectionAllocationTests
{
    private const int BatchSize = 2048;
    private const int Dimension = 16;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Step_AfterTheFirst_AllocatesNothing(int threadCount)
    {
        EmbeddingField[] fields = [new("a", 50_000), new("b", 300), new("c", 20_000)];
        MethodLayout layout = EmbeddingMethods.Get("full").Build(
            new MethodRequest("s", fields, Dimension, Budget.Full, 1, _ => Initializer.Normal(0.1), MethodOptions.Empty));

        AssertAllocatesNothing(layout, threadCount);
    }

    [Theory]
    [MemberData(nameof(MethodCases.Variants), MemberType = typeof(MethodCases))]
    public void Step_EveryMethod_AllocatesNothing(string name, string options)
        => AssertAllocatesNothing(MethodCases.Build(name, options, Dimension, MethodDefinitions.Of(name).Budgets(options, Dimension)[^1]), threadCount: 1);

    private static void AssertAllocatesNothing(MethodLayout layout, int threadCount)
    {
        EmbeddingField[] fields = [.. layout.Fields.Select(f => f.Field)];
        var collection = new EmbeddingCollection(
            [.. fields.Select(f => new EmbeddingFeature(f.Name, f, IsSingle: true))],
            [new EmbeddingSet("s", [.. fields.Select((_, i) => new PooledFeature(i, Pooling.Sum))], layout)]) { ThreadCount = threadCount };
        using var store = new MemoryRowStore(collection.Tables, SparseOptimizers.Create("row_wise_adagrad", new()), 1);
        store.ThreadCount = threadCount;
        JaggedIds[] ids = [.. fields.Select(Ids)];
        LookupPlan plan = collection.CreatePlan();
        float[] block = new float[fields.Length * BatchSize * Dimension];

        // The pool's queue may grow now and then, so the least of several steps counts.
        long least = long.MaxValue;
        for (int step = 0; step < 20 && least > 0; step++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            collection.Plan(ids, plan);
            collection.Gather(plan, store);
            collection.Forward(plan, 0, block);
            collection.Backward(plan, 0, block);
            collection.Apply(plan, store);
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static JaggedIds Ids(EmbeddingField field)
    {
        var random = new Random(1);
        var ids = new JaggedIds(isSingle: true);
        for (int i = 0; i < BatchSize; i++)
            ids.Add(random.NextInt64(field.VocabularySize));
        return ids;
    }
}
