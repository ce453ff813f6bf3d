using RecSys.Data;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests;

[Collection(TinyCollection.Name)]
public sealed class TrainingPhaseTests(TinyDataset tiny)
{
    // The items change their method's tables; the other fields, and everything that is dense, must not notice.
    private static readonly string[] s_settings =
    [
        "model.dropout=0.2",
        "sparse_optimizer={name: lazy_adam, learning_rate: 0.01}",
        "embedding.fields={item: {method: {name: cce, budget: 0.4}}}",
    ];

    [Fact]
    public void BeforeEpoch_TablesLaidOutAnew_KeepsEverythingElse()
    {
        using var scope = torch.NewDisposeScope();
        using var phase = Trained(steps: 3);
        var random = torch.get_rng_state();

        using var next = phase.BeforeEpoch(epoch: 1, step: 3, stepCount: 6)!;

        Assert.Equal(random.Data<byte>().ToArray(), torch.get_rng_state().Data<byte>().ToArray());
        Assert.Equal(3, next.Rows.Optimizer.StepCount);
        Assert.Equal(Saved(phase.Network.Model.state_dict()), Saved(next.Network.Model.state_dict()));
        Assert.Equal(Saved(phase.Step.Optimizer.state_dict()), Saved(next.Step.Optimizer.state_dict()));
        foreach (var (before, after) in phase.Rows.Local.RowTables.Zip(next.Rows.Local.RowTables))
        {
            bool isClustered = before.Spec.Name.Contains("item/", StringComparison.Ordinal);
            Assert.Equal(!isClustered, before.Rows.Bytes(0, (int)before.Rows.ByteCount).SequenceEqual(after.Rows.Bytes(0, (int)after.Rows.ByteCount)));
            Assert.Equal(!isClustered, before.States.Bytes(0, (int)before.States.ByteCount).SequenceEqual(after.States.Bytes(0, (int)after.States.ByteCount)));
        }
    }

    [Fact]
    public void BeforeEpoch_NothingToChange_IsNull()
    {
        using var phase = Trained(steps: 1);

        Assert.Null(phase.BeforeEpoch(epoch: 0, step: 0, stepCount: 6));
        Assert.Null(phase.BeforeEpoch(epoch: 2, step: 4, stepCount: 6));
    }

    private TrainingPhase Trained(int steps)
    {
        var data = tiny.Open();
        var phase = new TrainingPhase(RunConfigs.Create(tiny, s_settings), data.Schema, new StepClock(TimeProvider.System), new RunRows(RunConfigs.Create(tiny, s_settings), [], "run", new WorkerGroup()), new WorkerGroup());
        phase.Network.Model.train();
        foreach (var batch in data.Read(DataSplit.Train, new BatchOptions { BatchSize = 256, OnBatch = phase.Network.Plan }).Take(steps))
        {
            using (batch)
                phase.Step.Run(batch);
        }

        return phase;
    }

    private byte[] Saved(IReadOnlyDictionary<string, Tensor> tensors)
    {
        string path = Path.Combine(tiny.NewFolder(), "tensors.safetensors");
        TensorFile.Write(path, tensors);
        return File.ReadAllBytes(path);
    }
}
