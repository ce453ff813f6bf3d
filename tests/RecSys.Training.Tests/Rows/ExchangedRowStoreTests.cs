using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

/// <summary>Rows that are spread over processes, which are threads with connections here, against those of one.</summary>
public sealed class ExchangedRowStoreTests
{
    private const ulong Seed = 5;

    private static readonly TableSpec[] s_tables =
    [
        new("large", 1000, 4, Initializer.Normal(0.1)),
        new("odd", 37, 3, Initializer.Normal(0.1)) { Precision = RowPrecision.Parse("int8") },
        new("one", 1, 5, Initializer.Normal(0.1)),
    ];

    public static TheoryData<int, string> Cases
    {
        get
        {
            var cases = new TheoryData<int, string>();
            foreach (int size in new[] { 1, 2, 3 })
            {
                foreach (string optimizer in SparseOptimizers.Names)
                    cases.Add(size, optimizer);
            }

            return cases;
        }
    }

    // Processes ask for rows that others have or want too, for none, and some for rows twice over.
    [Theory]
    [MemberData(nameof(Cases))]
    public void GatherAndApply_ManySteps_AreThoseOfOneStoreWithTheMeanOfTheGradients(int size, string optimizer)
    {
        using var whole = new MemoryRowStore(s_tables, Create(optimizer), Seed);
        RowBatch[][][] steps = [.. Enumerable.Range(0, 6).Select(step => Enumerable.Range(0, size).Select(rank => Batches(step, rank)).ToArray())];
        float[][][] expected = [.. steps.Select(ranks => StepOf(whole, ranks))];

        float[][][] found = Run(size, optimizer, (rank, store) =>
        {
            var values = new List<float[]>();
            for (int step = 0; step < steps.Length; step++)
            {
                var batches = steps[step][rank];
                store.Gather(batches);
                values.Add(Numbers(batches));
                store.Apply(batches);
            }

            return values.ToArray();
        });

        for (int step = 0; step < steps.Length; step++)
        {
            for (int rank = 0; rank < size; rank++)
                Assert.Equal(expected[step][rank], found[rank][step]);
        }
    }

    // As on GPUs, but by the kernels' form for the processor: rows are tensors, and sums are added up in another order.
    [Theory]
    [MemberData(nameof(Cases))]
    public void BringAndUpdate_RowsOnADevice_AreThoseOfOneStoreWithTheMeanOfTheGradients(int size, string optimizer)
    {
        using var whole = new MemoryRowStore(s_tables, Create(optimizer), Seed);
        RowBatch[][][] steps = [.. Enumerable.Range(0, 6).Select(step => Enumerable.Range(0, size).Select(rank => Batches(step, rank)).ToArray())];
        float[][][] expected = [.. steps.Select(ranks => StepOf(whole, ranks))];

        float[][][] found = Run(
            size,
            optimizer,
            (rank, store) =>
            {
                var values = new List<float[]>();
                for (int step = 0; step < steps.Length; step++)
                {
                    using var scope = torch.NewDisposeScope();
                    var batches = steps[step][rank];
                    values.Add([.. store.Bring(batches).SelectMany(v => v.ToArray<float>())]);
                    store.Update(batches, new Tensor?[batches.Length], [.. batches.Select(b => torch.tensor(b.Gradients, [b.Count, b.Width]))]);
                }

                return values.ToArray();
            },
            Device.CPU);

        for (int step = 0; step < steps.Length; step++)
        {
            for (int rank = 0; rank < size; rank++)
            {
                Assert.Equal(expected[step][rank].Length, found[rank][step].Length);
                Assert.All(expected[step][rank].Zip(found[rank][step]), pair => Assert.Equal(pair.First, pair.Second, 1e-6f));
            }
        }
    }

    // The leader alone: others serve.
    [Theory]
    [InlineData(1, false)]
    [InlineData(2, false)]
    [InlineData(3, false)]
    [InlineData(3, true)]
    public void ReadAndWrite_PartsOfTables_ReachTheRowsOfAll(int size, bool isOnDevice)
    {
        using var whole = new MemoryRowStore(s_tables, Create("adagrad"), Seed);
        foreach (var table in whole.RowTables)
            table.States.Span(0, (int)table.States.Length).Fill(table.Spec.Width);
        byte[][] changed = [.. whole.RowTables.Select(t => t.Rows.Span(0, (int)t.Rows.Length).ToArray().Reverse().ToArray())];

        byte[][][] found = Run(
            size,
            "adagrad",
            (rank, store) =>
            {
                if (rank > 0)
                {
                    store.Serve();
                    return [];
                }

                List<byte[]> read = [];
                for (int table = 0; table < s_tables.Length; table++)
                {
                    read.Add(Read(store, table).Rows);
                    Write(store, table, changed[table], state: 7 + table);
                    (byte[] rows, float[] states) = Read(store, table);
                    Assert.All(states, x => Assert.Equal(7 + table, x));
                    read.Add(rows);
                }

                store.End();
                return read.ToArray();
            },
            isOnDevice ? Device.CPU : null);

        for (int table = 0; table < s_tables.Length; table++)
        {
            var own = whole.RowTables[table];
            Assert.Equal(own.Rows.Span(0, (int)own.Rows.Length).ToArray(), found[0][2 * table]);
            Assert.Equal(changed[table], found[0][(2 * table) + 1]);
        }
    }

    private static T[] Run<T>(int size, string optimizer, Func<int, ExchangedRowStore, T> use, Device? device = null)
        => Ranks.Run(size, group =>
        {
            using var store = new ExchangedRowStore(group, s_tables, Create(optimizer), Seed, device, table => table.Name switch { "one" => 0, "odd" => 5, _ => null });
            return use(group.Rank, store);
        });

    private static float[][] StepOf(MemoryRowStore whole, RowBatch[][] ranks)
    {
        RowBatch[] all = [.. s_tables.Select((t, i) => new RowBatch(i, t.Width))];
        List<float[]> values = [];
        foreach (var batches in ranks)
        {
            whole.Gather(batches);
            values.Add(Numbers(batches));
            foreach (var batch in batches)
                all[batch.Table].Add(batch.Rows);
        }

        foreach (var sum in all)
        {
            sum.ClearGradients();
            int at = 0;
            foreach (var batch in ranks.SelectMany(b => b).Where(b => b.Table == sum.Table))
            {
                for (int i = 0; i < batch.Count; i++, at++)
                {
                    for (int x = 0; x < batch.Width; x++)
                        sum.Gradients[(sum.Index[at] * batch.Width) + x] += batch.Gradients[(i * batch.Width) + x] * (1f / ranks.Length);
                }
            }
        }

        whole.Apply(all);
        return [.. values];
    }

    private static RowBatch[] Batches(int step, int rank)
    {
        var random = new Random((step * 10) + rank);
        List<RowBatch> batches = [];
        foreach ((int index, var table) in s_tables.Index().Where(t => (step + t.Index) % 4 != 3))
        {
            var batch = new RowBatch(index, table.Width);
            int count = rank == 1 && step == 2 ? 0 : 60;
            batch.Add([.. Enumerable.Range(0, count).Select(_ => random.NextInt64(table.RowCount))]);
            foreach (ref float x in batch.Gradients)
                x = random.NextSingle() - 0.5f;
            batches.Add(batch);
        }

        return [.. batches];
    }

    private static float[] Numbers(RowBatch[] batches) => [.. batches.SelectMany(b => b.Values.ToArray())];

    private static (byte[] Rows, float[] States) Read(ExchangedRowStore store, int table)
    {
        List<byte> rows = [];
        List<float> states = [];
        VisitParts(store, table, part =>
        {
            store.Read(table, part);
            rows.AddRange(part.Rows.Span(0, (int)part.Rows.Length));
            states.AddRange(part.States.Span(0, (int)part.States.Length));
        });
        return ([.. rows], [.. states]);
    }

    private static void Write(ExchangedRowStore store, int table, byte[] rows, float state) => VisitParts(store, table, part =>
    {
        rows.AsSpan((int)(part.Spec.Numbers.First * part.Spec.RowByteCount), (int)part.Rows.Length).CopyTo(part.Rows.Span(0, (int)part.Rows.Length));
        part.States.Span(0, (int)part.States.Length).Fill(state);
        store.Write(table, part);
    });

    private static void VisitParts(ExchangedRowStore store, int table, Action<RowTable> visit)
    {
        const int Size = 100;
        var spec = s_tables[table];
        for (long first = 0; first < spec.RowCount; first += Size)
        {
            using var part = RowTable.CreateUnfilled(spec with { RowCount = Math.Min(Size, spec.RowCount - first), Numbers = new RowNumbers(first, 1) }, store.Optimizer, Seed);
            visit(part);
        }
    }

    private static SparseOptimizer Create(string name) => SparseOptimizers.Create(name, new SparseOptimizerOptions { LearningRate = 0.1 });
}
