using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Tables;

[Collection(OutstandingMemory.Name)]
public sealed class MemoryRowStoreTests
{
    private static readonly TableSpec[] s_tables =
    [
        new("a", 50_000, 16, Initializer.Uniform(0.1)),
        new("b", 3, 1, Initializer.Normal(1)),
        new("c", 20_000, 13, Initializer.Normal(0.1)),
    ];

    public static TheoryData<string> Optimizers => [.. SparseOptimizers.Names];

    [Fact]
    public void Gather_RowsOfSeveralTables_CopiesTheirValues()
    {
        using MemoryRowStore store = Create("sgd");
        RowBatch[] batches = Batches(1);

        store.Gather(batches);

        foreach (RowBatch batch in batches)
        {
            for (int i = 0; i < batch.Count; i++)
                Assert.Equal(store.RowTables[batch.Table].Row(batch.Rows[i]).ToArray(), batch.Values.Slice(i * batch.Width, batch.Width).ToArray());
        }
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Apply_OneOrManyThreads_GivesTheSameBits(string optimizer)
    {
        using MemoryRowStore one = Create(optimizer);
        using MemoryRowStore many = Create(optimizer);
        one.ThreadCount = 1;
        many.ThreadCount = 5;
        for (int step = 0; step < 4; step++)
        {
            RowBatch[] batches = Batches(step);
            one.Apply(batches);
            many.Apply(batches);
        }

        for (int t = 0; t < s_tables.Length; t++)
        {
            Assert.Equal(Values(one, t), Values(many, t));
            Assert.Equal(States(one, t), States(many, t));
        }
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Apply_SomeRows_LeavesAllOthersAndTheirStateAlone(string optimizer)
    {
        using MemoryRowStore store = Create(optimizer);
        using MemoryRowStore untouched = Create(optimizer);
        RowBatch[] batches = Batches(2);

        store.Apply(batches);

        foreach (RowBatch batch in batches)
        {
            HashSet<long> touched = [.. batch.Rows];
            RowTable table = store.RowTables[batch.Table];
            RowTable before = untouched.RowTables[batch.Table];
            for (long row = 0; row < table.Spec.RowCount; row++)
            {
                Assert.Equal(touched.Contains(row), !table.Row(row).SequenceEqual(before.Row(row)));
                if (!touched.Contains(row))
                    Assert.True(table.State(row).SequenceEqual(before.State(row)));
            }
        }
    }

    [Fact]
    public void Apply_Gradients_AreNotChanged()
    {
        using var store = new MemoryRowStore(s_tables, SparseOptimizers.Create("row_wise_adagrad", new() { L2 = 0.1 }), 1);
        RowBatch[] batches = Batches(3);
        float[][] before = [.. batches.Select(b => b.Gradients.ToArray())];

        store.Apply(batches);

        Assert.Equal(before, batches.Select(b => b.Gradients.ToArray()));
    }

    // A checkpoint holds values, state and the step count: a store that was given them goes on with the same bits.
    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Apply_AfterCopyingAllState_ContinuesWithTheSameBits(string optimizer)
    {
        using MemoryRowStore original = Create(optimizer);
        for (int step = 0; step < 3; step++)
            original.Apply(Batches(step));
        using var restored = new MemoryRowStore(s_tables, SparseOptimizers.Create(optimizer, new()), seed: 99);
        for (int t = 0; t < s_tables.Length; t++)
        {
            Values(original, t).CopyTo(restored.RowTables[t].Floats(0, (int)restored.RowTables[t].Spec.RowCount));
            States(original, t).CopyTo(restored.RowTables[t].States.Span(0, (int)restored.RowTables[t].States.Length));
        }

        restored.Optimizer.StepCount = original.Optimizer.StepCount;
        original.Apply(Batches(7));
        restored.Apply(Batches(7));

        for (int t = 0; t < s_tables.Length; t++)
            Assert.Equal(Values(original, t), Values(restored, t));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(3)]
    [InlineData(long.MaxValue)]
    public void GatherAndApply_RowThatDoesNotExist_NamesTheTableAndChangesNothing(long row)
    {
        using MemoryRowStore store = Create("lazy_adam");
        float[] before = Values(store, 1);
        var batch = new RowBatch(1, 1);
        batch.Add([0, row]);
        batch.Gradients.Fill(1);

        foreach (Action call in new Action[] { () => store.Gather([batch]), () => store.Apply([batch]) })
        {
            var error = Assert.Throws<ArgumentOutOfRangeException>(call);
            Assert.Contains("Table 'b'", error.Message, StringComparison.Ordinal);
            Assert.Contains("0 … 2", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, Values(store, 1));
        Assert.Equal(0, store.Optimizer.StepCount);
    }

    [Fact]
    public void Gather_BatchOfAnotherShape_Throws()
    {
        using MemoryRowStore store = Create("sgd");

        Assert.Contains("table 7", Assert.Throws<ArgumentException>(() => store.Gather([new RowBatch(7, 1)])).Message, StringComparison.Ordinal);
        Assert.Contains("'a'", Assert.Throws<ArgumentException>(() => store.Gather([new RowBatch(0, 1)])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => store.ThreadCount = 0);
    }

    [Fact]
    public void Constructor_SecondTableFails_LeavesNoMemory()
    {
        TableSpec good = s_tables[0];
        long left = OutstandingMemory.LeftBy(() =>
        {
            Assert.Throws<ArgumentException>(() => new MemoryRowStore([good, good], SparseOptimizers.Create("sgd", new()), 1));
            Assert.Throws<ArgumentException>(() => new MemoryRowStore([good, good with { Name = "x", Width = 0 }], SparseOptimizers.Create("sgd", new()), 1));
        });

        Assert.Equal(0, left);
    }

    [Fact]
    public void GatherAndApply_AfterDispose_Throw()
    {
        MemoryRowStore store = Create("adagrad");
        RowBatch[] batches = Batches(1);
        store.Dispose();

        Assert.Throws<ObjectDisposedException>(() => store.Gather(batches));
        Assert.Throws<ObjectDisposedException>(() => store.Apply(batches));
    }

    [Fact]
    public void Dispose_AfterUse_LeavesNoMemory()
    {
        long left = OutstandingMemory.LeftBy(() =>
        {
            using MemoryRowStore store = Create("ftrl");
            store.Apply(Batches(1));
        });

        Assert.Equal(0, left);
    }

    private static MemoryRowStore Create(string optimizer) => new(s_tables, SparseOptimizers.Create(optimizer, new()), seed: 1);

    private static float[] Values(MemoryRowStore store, int table) => store.RowTables[table].Floats(0, (int)store.RowTables[table].Spec.RowCount).ToArray();

    private static float[] States(MemoryRowStore store, int table) => store.RowTables[table].States.Span(0, (int)store.RowTables[table].States.Length).ToArray();

    // Enough rows that they are cut into several jobs, and gradients that are never zero.
    private static RowBatch[] Batches(int seed)
    {
        var random = new Random(seed);
        RowBatch[] batches = [.. s_tables.Select((t, i) => new RowBatch(i, t.Width))];
        foreach (RowBatch batch in batches)
        {
            batch.Add([.. Enumerable.Range(0, 9000).Select(_ => random.NextInt64(s_tables[batch.Table].RowCount))]);
            foreach (ref float gradient in batch.Gradients)
                gradient = random.NextSingle() + 0.01f;
        }

        return batches;
    }
}
