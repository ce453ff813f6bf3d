using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Torch;

namespace RecSys.Training.Tests;

[Collection(TinyCollection.Name)]
public sealed class TrainingStepTests(TinyDataset data)
{
    // What a step may leave behind for good, in bytes: far less than the smallest tensor of a batch.
    private const double LeakPerStep = 256;
    private const int Steps = 10_000;

    [Theory]
    [Trait("Category", "Long")]
    [InlineData("deepfm")]
    [InlineData("dcnv2")]
    [InlineData("din")]
    public void Run_TenThousandSteps_KeepsMemoryFlat(string model)
    {
        var config = RunConfigs.Create(data, $"model={{name: {model}, hidden_units: [64, 32]}}");
        using var network = CtrNetwork.Create(config, data.Open().Schema);
        using var rows = new MemoryRowStore(network.Embeddings.Tables, config.SparseOptimizer.Create(), 1);
        using var step = new TrainingStep(config, network, rows, new StepClock(TimeProvider.System));
        Batch[] batches = [.. data.Open().Read(DataSplit.Train, new BatchOptions { BatchSize = 256 }).Take(2)];

        Run(1000);
        (long tensors, long bytes) = Memory();
        Run(Steps);
        (long tensorsAfter, long bytesAfter) = Memory();

        Assert.Equal(tensors, tensorsAfter);
        Assert.InRange(bytesAfter - bytes, long.MinValue, (long)(LeakPerStep * Steps));

        void Run(int count)
        {
            for (int i = 0; i < count; i++)
            {
                network.Plan(batches[i % 2]);
                step.Run(batches[i % 2]);
            }
        }
    }

    private static (long Tensors, long ResidentBytes) Memory()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        GC.Collect();
        return (Tensor.LiveCount, Environment.WorkingSet);
    }
}
