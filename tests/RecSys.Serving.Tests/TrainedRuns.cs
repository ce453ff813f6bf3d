using RecSys.Training;
using RecSys.Training.Checkpoints;
using RecSys.Training.Tests;

namespace RecSys.Serving.Tests;

/// <summary>A run with several checkpoints, trained once for tests that only read it; and copies of it for those that change it.</summary>
public sealed class TrainedRuns : IDisposable
{
    public TrainedRuns() => Folder = Train("model.name=din", "embedding.method={name: qr, budget: 0.5}", "embedding.precision=int8", "train.epochs=3", "train.early_stopping={metric: auc, patience: 3}");

    public TinyDataset Data { get; } = new();

    /// <summary>The run.</summary>
    public string Folder { get; }

    /// <summary>Steps of its checkpoints, ascending.</summary>
    public long[] Steps => [.. Directory.GetDirectories(Path.Combine(Folder, "checkpoints")).Select(f => long.Parse(Path.GetFileName(f), System.Globalization.CultureInfo.InvariantCulture)).Order()];

    /// <summary>Step of the checkpoint that is served.</summary>
    public long Best => new CheckpointStore(Folder).ReadCurrent()!.ToServe;

    /// <summary>Trains another run.</summary>
    public string Train(params string[] overrides)
    {
        string folder = Data.NewFolder();
        var config = RunConfigs.Create(Data, overrides);
        var data = config.Dataset.Open();
        RunDirectory.Prepare(folder, config, data, resume: false);
        using var trainer = new Trainer(config, data, folder);
        trainer.Run();
        return folder;
    }

    /// <summary>A copy of the run.</summary>
    public string Copy()
    {
        string folder = Data.NewFolder();
        foreach (string file in Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(folder, Path.GetRelativePath(Folder, file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }

        return folder;
    }

    public void Dispose() => Data.Dispose();
}
