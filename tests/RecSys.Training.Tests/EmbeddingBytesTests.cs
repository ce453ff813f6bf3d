using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;

namespace RecSys.Training.Tests;

/// <summary>What is predicted before a run, against what it then allocates and writes.</summary>
[Collection(TinyCollection.Name)]
public sealed class EmbeddingBytesTests(TinyDataset tiny)
{
    private static readonly string[] s_files = [CheckpointFiles.Tables, "table_state.safetensors", "method_state.safetensors"];

    public static TheoryData<string, string, string, string> Cases => new()
    {
        { "deepfm", "{name: full}", "fp32", "adagrad" },
        { "deepfm", "{name: qr, budget: 0.5}", "fp16", "lazy_adam" },
        { "deepfm", "{name: memcom, budget: 0.6}", "{name: int8, scale: learned}", "ftrl" },
        { "deepfm", "{name: low_dimension, budget: 0.6, projection: per_field}", "bf16", "sgd" },
        { "deepfm", "{name: deeplight, budget: 0.4}", "fp32", "lazy_adam" },
        { "dcnv2", "{name: unified, budget: 0.3}", "int4", "row_wise_adagrad" },
        { "din", "{name: hash, budget: 0.3}", "int8", "row_wise_adagrad" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Bytes_AreThoseThatARunTakes(string model, string method, string precision, string optimizer)
    {
        string folder = tiny.NewFolder();
        using var trainer = new Trainer(
            RunConfigs.Create(tiny, $"model={{name: {model}}}", $"embedding.method={method}", $"embedding.precision={precision}", $"sparse_optimizer={{name: {optimizer}}}", "train.epochs=1"),
            tiny.Open(),
            folder);
        var planned = trainer.Bytes;
        long first = Allocated(trainer);
        var bytes = trainer.Run().Bytes;

        long rows = ((MemoryRowStore)trainer.Rows).RowTables.Sum(t => t.Rows.ByteCount);
        Assert.Equal(rows + Auxiliary(trainer), bytes.Serving);
        Assert.Equal(Auxiliary(trainer), bytes.Auxiliary);
        Assert.Equal(planned, bytes);
        long gradients = bytes.Training - Math.Max(first, Allocated(trainer));
        Assert.InRange(Gradients(trainer), gradients / 2, gradients);
        Assert.Equal(Directory.GetDirectories(Path.Combine(folder, "checkpoints")).Max(TensorBytes), bytes.Disk);
    }

    [Fact]
    public void CountBytes_History_CountsEveryIdOfASample()
    {
        using var network = CtrNetwork.Create(RunConfigs.Create(tiny, "model.name=din", "embedding.method={name: full}"), tiny.Open().Schema);

        var set = network.Layout.Sets.ToList().FindIndex(s => s.Features.Any(f => f.Pooling == Pooling.None));
        var item = network.CountBytes(RunConfigs.Create(tiny).SparseOptimizer.Create(), batchSize: 3)[set].Tables.Single(t => t.Name.EndsWith("/item", StringComparison.Ordinal));

        // The item itself and a history of eight.
        Assert.Equal(3 * 9 * item.Width * sizeof(float), item.Gradients);
    }

    private static long Allocated(Trainer trainer) => ((MemoryRowStore)trainer.Rows).RowTables.Sum(t => t.Rows.ByteCount + t.States.ByteCount) + Auxiliary(trainer);

    // A mask owns its bits, which are an array of the state too.
    private static long Auxiliary(Trainer trainer)
    {
        long masks = trainer.Rows.Tables.Sum(t => t.Mask?.ByteCount ?? 0);
        return masks > 0 ? masks : trainer.Network.Layout.Groups.Sum(g => g.Request.State.Arrays.Values.Sum(a => a.ByteCount));
    }

    private long Gradients(Trainer trainer)
    {
        using var batch = tiny.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 256, OnBatch = trainer.Network.Plan }).First();
        long count = 0;
        foreach (var table in CtrNetwork.PlanOf(batch).Batches)
            count += table.Gradients.Length;
        return count * sizeof(float);
    }

    private static long TensorBytes(string checkpoint)
    {
        long bytes = 0;
        foreach (string name in s_files)
        {
            using var file = SafetensorsFile.Open(Path.Combine(checkpoint, name));
            bytes += file.Tensors.Values.Sum(t => t.ByteCount);
        }

        return bytes;
    }
}
