using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>
/// The best checkpoint of a run, opened for scoring: configuration, data set, network, and rows mapped from the checkpoint's
/// file (nothing is copied).
/// </summary>
public sealed class TrainedRun : IDisposable
{
    private TrainedRun(string folder, RunConfig config, PreparedDataset data, CtrNetwork network, MappedRowStore rows, CheckpointManifest manifest)
    {
        Folder = folder;
        Config = config;
        Data = data;
        Network = network;
        Rows = rows;
        Manifest = manifest;
    }

    /// <summary>The checkpoint's folder.</summary>
    public string Folder { get; }

    /// <summary>The run's configuration.</summary>
    public RunConfig Config { get; }

    /// <summary>The data set it was trained on, or the one given instead.</summary>
    public PreparedDataset Data { get; }

    /// <summary>The network with the checkpoint's dense parameters.</summary>
    public CtrNetwork Network { get; }

    /// <summary>The checkpoint's embedding rows.</summary>
    public IRowReader Rows { get; }

    /// <summary>The checkpoint.</summary>
    public CheckpointManifest Manifest { get; }

    /// <summary>Memory of the embeddings, as the run reported it.</summary>
    public EmbeddingBytes Bytes
    {
        get
        {
            var ledgers = Network.CountBytes(Config.SparseOptimizer.Create(), Config.Train.BatchSize);
            long full = EmbeddingLayout.FullByteCount(Data.Schema, Network.Model.Sets);
            return CheckpointFiles.HasOptimizers(Folder)
                ? EmbeddingBytes.Of(ledgers, full).After(Manifest.State.PeakBytes, Manifest.State.PeakDiskBytes)
                : EmbeddingBytes.OfServed([.. Network.Layout.Sets.Select(s => ByteLedger.Of(s.Layout, _ => 0, _ => 0))], full);
        }
    }

    /// <summary>Opens a run.</summary>
    /// <param name="directory">The run's folder.</param>
    /// <param name="dataset">Another prepared data set with the same features; null takes the run's own.</param>
    /// <exception cref="CheckpointException">There is no checkpoint, or it is damaged.</exception>
    /// <exception cref="DataException">The other data set has other features or vocabularies than the run was trained with.</exception>
    public static TrainedRun Open(string directory, string? dataset = null)
    {
        var (folder, manifest) = OpenBest(directory);
        string[] overrides = dataset is null ? [] : [$"dataset.path={dataset}"];
        var config = RunConfig.Load(Path.Combine(directory, RunDirectory.ConfigFile), overrides);
        var data = config.Dataset.Open();
        DataSchema.Load(directory).RequireSameFeatures(data.Schema, data.Folder);
        var network = CtrNetwork.Create(config, data.Schema, MethodStateFile.Read(folder));
        CheckpointFiles.ReadModel(folder, network.Model);
        var rows = new MappedRowStore(SafetensorsFile.Open(Path.Combine(folder, CheckpointFiles.Tables)), network.Embeddings.Tables);
        return new TrainedRun(folder, config, data, network, rows, manifest);
    }

    /// <summary>Finds and checks the best checkpoint of a run.</summary>
    /// <param name="directory">The run's folder.</param>
    internal static (string Folder, CheckpointManifest Manifest) OpenBest(string directory)
    {
        var store = new CheckpointStore(directory);
        var current = store.ReadCurrent()
            ?? throw new CheckpointException($"{Path.Combine(directory, "current.json")}: the run has no checkpoint; train it with 'recsys train CONFIG --out {directory}'.");
        return store.Open(current.ToServe);
    }

    /// <summary>Scores a split.</summary>
    /// <param name="split">Which split.</param>
    public EvaluationResult Evaluate(DataSplit split) => Scorer.Evaluate(Network, Rows, Data, split, Config.Train.BatchSize);

    /// <inheritdoc/>
    public void Dispose()
    {
        Rows.Dispose();
        Network.Dispose();
    }
}
