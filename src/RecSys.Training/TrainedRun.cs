using RecSys.Data;
using RecSys.Embeddings;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Configuration;

namespace RecSys.Training;

/// <summary>The best checkpoint of a run, opened for scoring a data set.</summary>
public sealed class TrainedRun : IDisposable
{
    private readonly ServableRun _run;

    private TrainedRun(ServableRun run, RunConfig config, PreparedDataset data)
    {
        _run = run;
        Config = config;
        Data = data;
    }

    /// <summary>The run's folder.</summary>
    public string Directory => _run.Directory;

    /// <summary>The checkpoint's folder.</summary>
    public string Folder => _run.Folder;

    /// <summary>The run's configuration.</summary>
    public RunConfig Config { get; }

    /// <summary>The data set it was trained on, or the one given instead.</summary>
    public PreparedDataset Data { get; }

    /// <summary>The network with the checkpoint's dense parameters.</summary>
    public CtrNetwork Network => _run.Network!;

    /// <summary>The checkpoint's embedding rows.</summary>
    public IRowReader Rows => _run.Rows;

    /// <summary>The checkpoint.</summary>
    public CheckpointManifest Manifest => _run.Manifest;

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
        var run = ServableRun.OpenVerified(directory, withNetwork: true);
        try
        {
            var config = dataset is null ? run.Config : RunConfig.Load(Path.Combine(directory, RunDirectory.ConfigFile), [$"dataset.path={dataset}"]);
            var data = config.Dataset.Open();
            run.Schema.RequireSameFeatures(data.Schema, data.Folder);
            return new TrainedRun(run, config, data);
        }
        catch
        {
            run.Dispose();
            throw;
        }
    }

    /// <summary>Scores a split.</summary>
    /// <param name="split">Which split.</param>
    /// <exception cref="DataException">It has no rows.</exception>
    public ScoredSplit Score(DataSplit split) => new(this, split, Scorer.Collect(Network, Rows, Data, split, Config.Train.BatchSize));

    /// <summary>Scores a split and computes its metrics.</summary>
    /// <param name="split">Which split.</param>
    /// <exception cref="DataException">It has no rows.</exception>
    public EvaluationResult Evaluate(DataSplit split) => Score(split).Evaluate();

    /// <inheritdoc/>
    public void Dispose() => _run.Dispose();
}
