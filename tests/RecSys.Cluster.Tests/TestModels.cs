using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Tests;

/// <summary>Models and mini-batches for tests.</summary>
internal static class TestModels
{
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

    /// <summary>Distinct random rows of every table, with gradients.</summary>
    public static RowBatch[] Batches(ShardedModel model, Random random, int largest = 200)
    {
        var batches = model.Tables.Select((t, i) => new RowBatch(i, t.Width)).ToArray();
        foreach (var batch in batches)
        {
            long[] rows = [.. Enumerable.Range(0, random.Next(largest)).Select(_ => random.NextInt64(model.Tables[batch.Table].RowCount))];
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
