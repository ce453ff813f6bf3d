using RecSys.Training.Checkpoints;

namespace RecSys.Training.Tests.Checkpoints;

[Collection(TinyCollection.Name)]
public sealed class CheckpointStoreTests(TinyDataset tiny)
{
    [Fact]
    public void Open_AnyFlippedByte_NamesTheFile()
    {
        string folder = TrainedFolder();
        var store = new CheckpointStore(folder);
        long step = store.ReadCurrent()!.Latest;
        var random = new Random(11);
        foreach (string file in Directory.GetFiles(store.Open(step).Folder))
        {
            byte[] content = File.ReadAllBytes(file);
            for (int trial = 0; trial < 40; trial++)
            {
                byte[] damaged = [.. content];
                damaged[random.Next(damaged.Length)] ^= (byte)(1 << random.Next(8));
                File.WriteAllBytes(file, damaged);

                var error = Assert.Throws<CheckpointException>(() => store.Open(step));
                Assert.Contains(file, error.Message, StringComparison.Ordinal);
            }

            File.WriteAllBytes(file, content);
        }

        store.Open(step);
    }

    [Fact]
    public void Open_TruncatedOrMissingFile_NamesTheFile()
    {
        string folder = TrainedFolder();
        var store = new CheckpointStore(folder);
        long step = store.ReadCurrent()!.Latest;
        string file = Path.Combine(store.Open(step).Folder, CheckpointFiles.Tables);
        byte[] content = File.ReadAllBytes(file);

        File.WriteAllBytes(file, content[..^1]);
        Assert.Contains(file, Assert.Throws<CheckpointException>(() => store.Open(step)).Message, StringComparison.Ordinal);
        File.Delete(file);
        Assert.Contains(file, Assert.Throws<CheckpointException>(() => store.Open(step)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void ReadCurrent_FlippedByte_NamesTheFile()
    {
        string folder = TrainedFolder();
        string file = Path.Combine(folder, "current.json");
        byte[] content = File.ReadAllBytes(file);
        for (int i = 0; i < content.Length - 1; i++)
        {
            byte[] damaged = [.. content];
            damaged[i] ^= 4;
            File.WriteAllBytes(file, damaged);

            Assert.Contains(file, Assert.Throws<CheckpointException>(() => new CheckpointStore(folder).ReadCurrent()).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Save_LeftoverOfACrash_IsRemovedAndNeverRead()
    {
        string folder = TrainedFolder();
        string leftover = Path.Combine(folder, "checkpoints", ".000000099");
        Directory.CreateDirectory(leftover);
        File.WriteAllText(Path.Combine(leftover, "tables.safetensors"), "half");

        using var trainer = new Trainer(RunConfigs.Create(tiny, "train.epochs=1"), tiny.Open(), folder);
        trainer.Run();

        Assert.False(Directory.Exists(leftover));
    }

    // A run that is begun anew where another was: its first checkpoints have lower numbers, and are kept.
    [Fact]
    public void Save_LaterCheckpointsOfAFormerRun_AreRemoved()
    {
        string folder = TrainedFolder();
        long last = new CheckpointStore(folder).ReadCurrent()!.Latest;
        File.Delete(Path.Combine(folder, "current.json"));

        using var trainer = new Trainer(RunConfigs.Create(tiny, "train.max_steps=2", "train.checkpoint_every_steps=1"), tiny.Open(), folder);
        trainer.Run();

        var store = new CheckpointStore(folder);
        Assert.Equal(2, store.ReadCurrent()!.Latest);
        store.Open(2);
        Assert.Throws<CheckpointException>(() => store.Open(last));
    }

    [Fact]
    public void Resume_OtherConfiguration_NamesTheTable()
    {
        string folder = TrainedFolder();
        using var other = new Trainer(RunConfigs.Create(tiny, "embedding.method={name: hash, budget: 0.5}"), tiny.Open(), folder);

        var error = Assert.Throws<CheckpointException>(() => other.Run(resume: true));

        Assert.Contains("table '", error.Message, StringComparison.Ordinal);
    }

    private string TrainedFolder()
    {
        string folder = tiny.NewFolder();
        using var trainer = new Trainer(RunConfigs.Create(tiny, "train.epochs=1"), tiny.Open(), folder);
        trainer.Run();
        return folder;
    }
}
