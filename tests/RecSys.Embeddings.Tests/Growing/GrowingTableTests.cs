using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Embeddings.Tests.Memory;

namespace RecSys.Embeddings.Tests.Growing;

[Collection(OutstandingMemory.Name)]
public sealed class GrowingTableTests
{
    private const int Width = 5;
    private static readonly TableSpec s_spec = new("set/user", 50, Width, Initializer.Normal(0.1));
    private static readonly GrowingOptions s_lru = new() { Eviction = EvictionPolicy.LeastRecentlyUsed };

    public static TheoryData<string> Optimizers => [.. SparseOptimizers.Names];

    public static TheoryData<string, string> OptimizersAndPrecisions
    {
        get
        {
            var data = new TheoryData<string, string>();
            foreach (string optimizer in SparseOptimizers.Names)
            {
                foreach (string precision in RowPrecision.Names)
                    data.Add(optimizer, precision);
            }

            return data;
        }
    }

    [Fact]
    public void Gather_IdsWithoutARow_GivesZeros()
    {
        using GrowingTable table = Create(s_lru);
        long[] slots = Resolve(table, 7, -3);
        float[] vectors = new float[4 * Width];
        Array.Fill(vectors, 9);

        table.Gather([-3, 4, 7, -3], vectors);

        Assert.Equal([.. Row(table, slots[1]), 0, 0, 0, 0, 0, .. Row(table, slots[0]), .. Row(table, slots[1])], vectors);
        Assert.Equal(1, table.Counters.DefaultReads);
        Assert.Equal(2, table.Count);
    }

    // More ids than one chunk, first in an empty table.
    [Fact]
    public void Gather_ManyIds_IsFindAndGatherSlots()
    {
        using GrowingTable table = Create(s_lru, s_spec with { RowCount = 3000 });
        long[] ids = [.. Enumerable.Range(0, 2000).Select(i => i * 3L % 1700)];
        float[] vectors = new float[ids.Length * Width];
        float[] bySlot = new float[ids.Length * Width];
        Array.Fill(vectors, 9);
        table.Gather(ids, vectors);
        Assert.All(vectors, v => Assert.Equal(0, v));
        Resolve(table, [.. Enumerable.Range(0, 900).Select(i => (long)i)]);

        table.Gather(ids, vectors);
        long[] slots = new long[ids.Length];
        table.Find(ids, slots);
        table.GatherSlots(slots, bySlot);

        Assert.Equal(bySlot, vectors);
        for (int i = 0; i < ids.Length; i++)
            Assert.Equal(slots[i] < 0 ? new float[Width] : Row(table, slots[i]), vectors[(i * Width)..((i + 1) * Width)]);
        Assert.Equal(slots.Count(s => s < 0) + 2000 + slots.Count(s => s < 0), table.Counters.DefaultReads);
    }

    [Fact]
    public void Resolve_FirstValues_DependOnSeedNameAndIdAlone()
    {
        long[] ids = [3, 40, 0, 12_345_678_901, -1, long.MinValue, 1L << 62, (1L << 62) + 1];
        using GrowingTable table = Create(s_lru);
        using GrowingTable otherOrder = Create(s_lru);
        using GrowingTable otherSeed = new(s_spec with { Growing = s_lru }, Sgd(), seed: 2);
        using GrowingTable otherName = Create(s_lru, s_spec with { Name = "set/item" });
        using var full = new RowTable(s_spec, Sgd(), seed: 1);
        Resolve(otherOrder, [100, 101, .. ids.Reverse()]);
        Resolve(table, ids);
        Resolve(otherSeed, ids);
        Resolve(otherName, ids);

        Assert.Equal(Vectors(table, ids), Vectors(otherOrder, ids));
        Assert.NotEqual(Vectors(table, ids), Vectors(otherSeed, ids));
        Assert.NotEqual(Vectors(table, ids), Vectors(otherName, ids));
        Assert.Equal([.. full.Row(3), .. full.Row(40), .. full.Row(0)], Vectors(table, 3, 40, 0));
        Assert.Equal(ids.Length * Width, Vectors(table, ids).Distinct().Count());
    }

    [Theory]
    [MemberData(nameof(Optimizers))]
    public void Resolve_SlotOfAnotherId_BeginsAnewWithItsState(string optimizer)
    {
        var options = new SparseOptimizerOptions();
        if (SparseOptimizers.OptionNames(optimizer).Contains("initial_accumulator"))
            options = options with { InitialAccumulator = 0.5 };
        using GrowingTable table = new(s_spec with { RowCount = 1, Growing = s_lru }, SparseOptimizers.Create(optimizer, options), seed: 1);
        using GrowingTable fresh = new(s_spec with { RowCount = 1, Growing = s_lru }, SparseOptimizers.Create(optimizer, options), seed: 1);
        table.BeginStep();
        Resolve(table, 1);
        table.Update([0], [1, 2, 3, 4, 5]);
        table.BeginStep();

        Assert.Equal([0], Resolve(table, 2));
        Resolve(fresh, 2);

        Assert.Equal(Row(fresh, 0), Row(table, 0));
        Assert.Equal(fresh.Rows.State(0).ToArray(), table.Rows.State(0).ToArray());
        Assert.Equal([new SlotId(1, 0)], table.Evicted.ToArray());
    }

    // The whole training path with the rows' own batches: against a table with a row for each id from the start. What is read ahead of a
    // step is what the step then trains, rounded as rows are kept.
    [Theory]
    [MemberData(nameof(OptimizersAndPrecisions))]
    public void Update_RowsOfAMiniBatch_TrainsLikeAFullTable(string optimizer, string precision)
    {
        const int Ids = 40;
        TableSpec spec = s_spec with { Precision = RowPrecision.Parse(precision) };
        using GrowingTable table = new(spec with { Growing = s_lru }, SparseOptimizers.Create(optimizer, new()), seed: 1);
        using var full = new RowTable(spec, SparseOptimizers.Create(optimizer, new()), seed: 1);
        SparseOptimizer fullOptimizer = SparseOptimizers.Create(optimizer, new());
        var bySlot = new RowBatch(0, Width);
        var byId = new RowBatch(0, Width);
        var random = new Random(1);
        for (int step = 0; step < 30; step++)
        {
            long[] ids = [.. Enumerable.Range(0, 12).Select(_ => random.NextInt64(Ids))];
            Assert.Equal(Values(full, ids), Ahead(table, ids));
            table.BeginStep();
            bySlot.Clear();
            bySlot.Add(Resolve(table, ids));
            byId.Clear();
            byId.Add(ids);
            foreach (ref float gradient in bySlot.Gradients)
                gradient = random.NextSingle() - 0.5f;
            bySlot.Gradients.CopyTo(byId.Gradients);

            table.Update(bySlot.Rows, bySlot.Gradients);
            fullOptimizer.BeginStep();
            fullOptimizer.Update(full, byId.Rows, byId.Gradients);
        }

        long[] all = [.. Enumerable.Range(0, Ids).Select(i => (long)i)];
        Assert.Equal(Values(full, all), Ahead(table, all));
        Assert.Equal(30, table.Optimizer.StepCount);
        Assert.Equal(0, table.Counters.Reads);
    }

    [Fact]
    public void GatherAhead_IdThatHasToWait_GivesZeros()
    {
        using GrowingTable table = Create(new() { Admission = AdmissionPolicy.Count(2, 10) });
        Resolve(table, 5, 6, 6);

        Assert.Equal([.. new float[Width], .. Vectors(table, 6)], Ahead(table, 5, 6));
        Assert.NotEqual(new float[Width], Ahead(table, 6));
    }

    [Fact]
    public void Constructor_NoPoliciesOrAMask_SaysSo()
    {
        var mask = new RowMask(new PackedArray(250, 1));

        Assert.Contains("no policies", Assert.Throws<ArgumentException>(() => new GrowingTable(s_spec, Sgd(), 1)).Message, StringComparison.Ordinal);
        Assert.Contains("a mask", Assert.Throws<ArgumentException>(() => new GrowingTable(s_spec with { Growing = s_lru, Mask = mask }, Sgd(), 1)).Message, StringComparison.Ordinal);
        Assert.Contains("begin with their ids", Assert.Throws<ArgumentException>(() => new RowTable(s_spec with { Growing = s_lru }, Sgd(), 1)).Message, StringComparison.Ordinal);
    }

    // One thread resolves a step ahead while another updates: the rows in work keep their ids.
    [Fact]
    public void Resolve_AStepAheadOfUpdate_LosesNothing()
    {
        const int Steps = 300;
        var spec = new TableSpec("t", 400, Width, Initializer.Zero);
        using GrowingTable table = new(spec with { Growing = s_lru with { StepsAhead = 1 } }, Sgd(), seed: 1);
        var random = new Random(1);
        Dictionary<long, float> expected = [];
        long[]? planned = null;
        for (int step = 0; step < Steps; step++)
        {
            long[] ids = [.. Enumerable.Range(0, 150).Select(_ => random.NextInt64(1000)).Distinct()];
            long[]? ready = planned;
            var update = new Thread(() =>
            {
                if (ready is not null)
                    table.Update(ready, Enumerable.Repeat(-1f, ready.Length * Width).ToArray());
            });
            update.Start();
            table.BeginStep();
            planned = Resolve(table, ids);
            update.Join();

            Assert.DoesNotContain(-1, planned);
            foreach (SlotId evicted in table.Evicted)
                Assert.True(expected.Remove(evicted.Id));
            foreach (long id in ids)
                expected[id] = expected.GetValueOrDefault(id) + 1;
        }

        table.Update(planned!, Enumerable.Repeat(-1f, planned!.Length * Width).ToArray());
        foreach ((long id, float count) in expected)
            Assert.Equal(Enumerable.Repeat(count, Width), Vectors(table, id));
    }

    [Theory]
    [MemberData(nameof(OptimizersAndPrecisions))]
    public void Bytes_AreThoseAllocated(string optimizer, string precision)
    {
        GrowingOptions options = s_lru with { Admission = AdmissionPolicy.Count(2, 30), TimeToLive = 4 };
        TableSpec spec = s_spec with { Growing = options, Precision = RowPrecision.Parse(precision) };
        GrowingTable? table = null;
        long allocated = OutstandingMemory.LeftBy(() => table = new(spec, SparseOptimizers.Create(optimizer, new()), seed: 1));
        GrowingBytes bytes = table!.Bytes;

        Assert.Equal(allocated, bytes.Training);
        Assert.Equal(spec.RowByteCount * 50, bytes.Rows);
        Assert.Equal(((table.Rows.StateWidth * 4) + (precision == "fp32" ? 0 : 8)) * 50, bytes.State);
        Assert.Equal((12 * (50 + 25 + 1)) + bytes.Rows, bytes.Serve);
        Assert.Equal((50 * (4 + 4 + 8)) + 8 + (12 * (30 + 15 + 1)) + (30 * 8), bytes.Policy);
        Assert.Equal(-allocated, OutstandingMemory.LeftBy(table.Dispose));
    }

    [Fact]
    public void Constructor_HugeTable_TakesNoMemoryUntilUsed()
    {
        long workingSet = Environment.WorkingSet;
        var options = new GrowingOptions { Admission = AdmissionPolicy.CountingBloom(2, 100_000_000, 0.01), Eviction = EvictionPolicy.DecayedScore(0.9) };
        using GrowingTable table = new(s_spec with { RowCount = 200_000_000, Growing = options }, SparseOptimizers.Create("adagrad", new()), seed: 1);
        Resolve(table, 1, 1, 2);

        Assert.True(table.Bytes.Training > 15L << 30);
        Assert.True(Environment.WorkingSet - workingSet < 1L << 30);
    }

    [Fact]
    public void Constructor_RowsCannotBeMade_LeavesNoMemory()
    {
        long left = OutstandingMemory.LeftBy(() =>
            Assert.Throws<ArgumentException>(() => new GrowingTable(s_spec with { Width = 0, Growing = s_lru }, Sgd(), 1)));

        Assert.Equal(0, left);
    }

    [Fact]
    public void Gather_TooLittleRoom_ThrowsAndCountsNothing()
    {
        using GrowingTable table = Create(s_lru);

        Assert.Contains("2 vectors of 5", Assert.Throws<ArgumentException>(() => table.Gather([1, 2], new float[9])).Message, StringComparison.Ordinal);
        Assert.Contains("2 vectors of 5", Assert.Throws<ArgumentException>(() => table.GatherSlots([1, 2], new float[9])).Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentOutOfRangeException>(() => table.GatherSlots([50], new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.GatherSlots([-2], new float[5]));
        Assert.Throws<ArgumentOutOfRangeException>(() => table.Update([-1], new float[5]));
        Assert.Equal(0, table.Counters.Reads);
    }

    [Fact]
    public void Step_AfterTheFirst_AllocatesNothing()
    {
        const int BatchSize = 2048;
        using GrowingTable table = Create(s_lru, s_spec with { RowCount = 5000 });
        var batch = new RowBatch(0, Width);
        long[] slots = new long[BatchSize];
        float[] vectors = new float[BatchSize * Width];
        var random = new Random(1);
        long least = long.MaxValue;
        for (int step = 0; step < 30; step++)
        {
            long[] ids = [.. Enumerable.Range(0, BatchSize).Select(_ => random.NextInt64(20_000))];
            long before = GC.GetAllocatedBytesForCurrentThread();
            table.BeginStep();
            table.Resolve(ids, slots);
            table.GatherSlots(slots, vectors);
            batch.Clear();
            batch.Add(slots);
            batch.ClearGradients();
            table.Update(batch.Rows, batch.Gradients);
            table.Gather(ids, vectors);
            if (step > 10)
                least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);
    }

    private static float[] Values(RowTable table, long[] rows)
    {
        float[] values = new float[rows.Length * Width];
        table.Gather(rows, values);
        return values;
    }

    private static float[] Ahead(GrowingTable table, params long[] ids)
    {
        float[] vectors = new float[ids.Length * Width];
        table.GatherAhead(ids, vectors);
        return vectors;
    }

    private static SparseOptimizer Sgd() => SparseOptimizers.Create("sgd", new() { LearningRate = 1 });

    private static GrowingTable Create(GrowingOptions options, TableSpec? spec = null) => new((spec ?? s_spec) with { Growing = options }, Sgd(), seed: 1);

    private static float[] Row(GrowingTable table, long slot) => table.Rows.Row(slot).ToArray();

    private static float[] Vectors(GrowingTable table, params long[] ids)
    {
        float[] vectors = new float[ids.Length * table.Spec.Width];
        table.Gather(ids, vectors);
        return vectors;
    }

    private static long[] Resolve(GrowingTable table, params long[] ids)
    {
        long[] slots = new long[ids.Length];
        table.Resolve(ids, slots);
        return slots;
    }
}
