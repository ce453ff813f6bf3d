using RecSys.Embeddings.Lookups;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class DedupMethodTests
{
    [Fact]
    public void EndPhase_BlocksThatAreAlike_AreMergedFirst()
    {
        // 100 blocks of 10 rows; block b is a copy of block b mod 20 with a little noise.
        EmbeddingField[] fields = [new("f", 1000)];
        EmbeddingMethod method = EmbeddingMethods.Get("dedup");
        MethodRequest request = MethodCases.Request("block=10", 4, Budget.OfFraction(0.23), fields);
        MethodLayout layout = method.Build(request);
        using var full = new MemoryRowStore(layout.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        for (long id = 0; id < 1000; id++)
            full.RowTables[0].WriteRow(id, [.. full.RowTables[0].Row(id % 200).ToArray().Select(x => x + (id * 1e-7f))]);

        PhaseEnd end = method.EndPhase(new PhaseContext(request, layout, full.RowTables, 1, 1));
        using MethodState state = end.State;
        MethodLayout merged = method.Build(request with { State = state });
        using var served = new MemoryRowStore(merged.Tables, new Sgd(new SparseOptimizerOptions()), seed: 1);
        end.Fill!(served.RowTables);

        Assert.Equal(layout.ServeByteCount, merged.ByteCount);
        Assert.InRange(merged.ByteCount, 0.98 * request.BudgetByteCount * 0.95, request.BudgetByteCount);
        float[] vectors = new float[4000];
        new DirectLookup(merged, fields[0], served).Read([.. Enumerable.Range(0, 1000)], vectors);
        for (int i = 0; i < vectors.Length; i++)
            Assert.Equal(full.RowTables[0].Row(i / 4)[i % 4], vectors[i], 2e-4f);
    }

    [Fact]
    public void Merge_AllBlocks_KeepsThem()
    {
        using var table = new RowTable(new TableSpec("t", 57, 3, Initializer.Normal(1)), new Sgd(new SparseOptimizerOptions()), 1);

        Assert.Equal(Enumerable.Range(0, 12), BlockMerging.Merge(table, blockRows: 5, count: 12, similarity: 0.7));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(5)]
    [InlineData(11)]
    public void Merge_SomeBlocks_KeepsExactlySoMany(int count)
    {
        using var table = new RowTable(new TableSpec("t", 57, 3, Initializer.Normal(1)), new Sgd(new SparseOptimizerOptions()), 1);

        int[] shared = BlockMerging.Merge(table, blockRows: 5, count, similarity: 0.7);

        Assert.Equal(count, shared.Distinct().Count());
        Assert.All(shared, s => Assert.Equal(s, shared[s]));
    }
}
