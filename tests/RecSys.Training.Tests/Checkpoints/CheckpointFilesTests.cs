using RecSys.Embeddings;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Torch;
using RecSys.Training.Checkpoints;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Checkpoints;

[Collection(TinyCollection.Name)]
public sealed class CheckpointFilesTests(TinyDataset tiny)
{
    [Fact]
    public void ReadModel_OtherShape_NamesFileAndTensor()
    {
        string folder = tiny.NewFolder();
        using var written = torch.nn.Linear(3, 2);
        using var read = torch.nn.Linear(4, 2);
        CheckpointFiles.WriteModel(folder, written);

        var error = Assert.Throws<InvalidDataException>(() => CheckpointFiles.ReadModel(folder, read));

        Assert.StartsWith($"{Path.Combine(folder, "model.safetensors")}: ", error.Message, StringComparison.Ordinal);
        Assert.Contains("'weight' has shape [2, 3], not [2, 4]", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadOptimizer_NoRandomState_NamesFileAndTensor()
    {
        string folder = tiny.NewFolder();
        using var model = torch.nn.Linear(3, 2);
        using var optimizer = torch.optim.Adam(model.named_parameters());
        string file = Path.Combine(folder, "optimizer.safetensors");
        TensorFile.Write(file, optimizer.state_dict());

        var error = Assert.Throws<InvalidDataException>(() => CheckpointFiles.ReadOptimizer(folder, optimizer, torch.CPU));

        Assert.Equal($"{file}: There is no tensor 'random_state'.", error.Message);
    }

    [Fact]
    public void ReadRows_OtherTable_NamesFileAndTable()
    {
        string folder = tiny.NewFolder();
        using var written = Store("a");
        using var read = Store("b");
        CheckpointFiles.WriteRows(folder, written);

        var error = Assert.Throws<InvalidDataException>(() => CheckpointFiles.ReadRows(folder, read));

        Assert.StartsWith($"{Path.Combine(folder, CheckpointFiles.Tables)}: table 'b' F32 [3 × 2]", error.Message, StringComparison.Ordinal);
    }

    private static LocalRows Store(string table)
        => new(new MemoryRowStore([new TableSpec(table, 3, 2, Initializer.Zero)], new Adagrad(new SparseOptimizerOptions()), seed: 1));
}
