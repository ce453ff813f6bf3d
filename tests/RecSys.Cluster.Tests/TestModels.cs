using RecSys.Embeddings.Growing;
using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

/// <summary>Models and mini-batches for tests.</summary>
internal static class TestModels
{
    /// <summary>Every optimiser, precision and scale on several numbers of nodes.</summary>
    public static TheoryData<string, string, string, int> OptimizersAndPrecisions
    {
        get
        {
            var data = new TheoryData<string, string, string, int>();
            foreach (string optimizer in SparseOptimizers.Names)
            {
                foreach (string precision in RowPrecision.Names)
                {
                    foreach (string scale in precision.StartsWith("int", StringComparison.Ordinal) ? RowPrecision.ScaleNames : ["row"])
                    {
                        foreach (int nodes in new[] { 1, 2, 3, 5 })
                            data.Add(optimizer, precision, scale, nodes);
                    }
                }
            }

            return data;
        }
    }

    /// <summary>A precision with a scale, as <see cref="OptimizersAndPrecisions"/> names them.</summary>
    public static RowPrecision Precision(string name, string scale)
        => RowPrecision.Parse(name) with { Scale = (RowScale)RowPrecision.ScaleNames.ToList().IndexOf(scale), StepLearningRate = 0.01f };

    /// <summary>Tables of several shapes: one row, fewer rows than buckets, more; one of them untrained, and with fp32 one with a mask.</summary>
    public static ShardedModel Create(string optimizer = "row_wise_adagrad", RowPrecision? precision = null, int bucketCount = 16, string name = "model")
    {
        var rows = precision ?? RowPrecision.Fp32;
        List<TableSpec> tables =
        [
            Table("embedding/one", 1, 8),
            Table("embedding/few", 11, 8),
            Table("embedding/item", 1000, 8),
            Table("linear/item", 1000, 1),
            Table("odd", 333, 5) with { IsTrained = false },
        ];
        if (rows.Format == RowFormat.Fp32)
            tables.Add(Table("masked", 100, 6) with { Mask = Mask(600) });
        return new ShardedModel(name, tables, optimizer, new SparseOptimizerOptions { LearningRate = 0.1 }, seed: 3, bucketCount);

        TableSpec Table(string table, long count, int width)
            => new(table, count, width, Initializer.Normal(0.1)) { Precision = rows.For(width) };
    }

    /// <summary>Ids of growing tables.</summary>
    public static long[] Ids { get; } = [.. Enumerable.Range(0, 600).Select(k => (long)RowHash.Mix((ulong)k))];

    /// <summary>Every kind of policy. Tables have room for half of the ids, so that rows leave and ids are rejected.</summary>
    public static IReadOnlyDictionary<string, GrowingOptions> Policies { get; } = new Dictionary<string, GrowingOptions>
    {
        ["always"] = new(),
        ["lru"] = new() { Eviction = EvictionPolicy.LeastRecentlyUsed },
        ["lfu, count"] = new() { Eviction = EvictionPolicy.LeastFrequentlyUsed, Admission = AdmissionPolicy.Count(2, 2000) },
        ["score, forgetting"] = new() { Eviction = EvictionPolicy.DecayedScore(0.9), Admission = AdmissionPolicy.Count(3, 100), StepsAhead = 1 },
        ["ttl, bloom"] = new() { TimeToLive = 3, Admission = AdmissionPolicy.CountingBloom(2, 200, 0.05) },
        ["ttl, lru, probability"] = new() { TimeToLive = 5, Eviction = EvictionPolicy.LeastRecentlyUsed, Admission = AdmissionPolicy.Probability(0.4) },
    };

    /// <summary>Two growing tables with the same ids, and a fixed one.</summary>
    public static ShardedModel CreateGrowing(GrowingOptions policies, string optimizer = "row_wise_adagrad", RowPrecision? precision = null, int bucketCount = 16, long capacity = 300)
    {
        var rows = precision ?? RowPrecision.Fp32;
        List<TableSpec> tables =
        [
            new("embedding/user", capacity, 8, Initializer.Normal(0.1)) { Precision = rows.For(8), Growing = policies },
            new("embedding/item", 1000, 8, Initializer.Normal(0.1)) { Precision = rows.For(8) },
            new("linear/user", capacity, 1, Initializer.Uniform(0.1)) { Growing = policies },
        ];
        return new ShardedModel("model", tables, optimizer, new SparseOptimizerOptions { LearningRate = 0.1 }, seed: 3, bucketCount);
    }

    /// <summary>All rows of a table: those of a growing one by their ids.</summary>
    public static RowBatch Whole(ShardedModel model, int table)
    {
        var batch = new RowBatch(table, model.Tables[table].Width);
        batch.Add(model.Tables[table].Growing is null ? [.. Enumerable.Range(0, (int)model.Tables[table].RowCount).Select(r => (long)r)] : Ids);
        return batch;
    }

    /// <summary>Distinct random rows of every table, with gradients.</summary>
    public static RowBatch[] Batches(ShardedModel model, Random random, int largest = 200)
    {
        var batches = model.Tables.Select((t, i) => new RowBatch(i, t.Width)).ToArray();
        foreach (var batch in batches)
        {
            var table = model.Tables[batch.Table];
            long[] rows = [.. Enumerable.Range(0, random.Next(largest)).Select(_ => table.Growing is null ? random.NextInt64(table.RowCount) : Ids[random.Next(Ids.Length)])];
            batch.Add(rows);
            foreach (ref float g in batch.Gradients)
                g = (float)(random.NextDouble() - 0.5);
        }

        return batches;
    }

    private static RowMask Mask(int length)
    {
        var bits = new PackedArray(length, 1);
        for (int i = 0; i < length; i++)
            bits[i] = i % 3 == 0 ? 0u : 1u;
        return new RowMask(bits);
    }
}
