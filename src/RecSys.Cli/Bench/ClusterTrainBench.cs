using RecSys.Cluster;
using RecSys.Data;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Bench;

/// <summary>
/// Trains one epoch of a DeepFM at the shape of the Criteo set, with the rows in this process and on shard servers of this machine, in turn:
/// all share its processors, so what the servers compute slows the trainer down.
/// </summary>
internal sealed class ClusterTrainBench : IDisposable
{
    private const int Steps = 100;
    private const int BatchSize = 4096;
    private const int Ids = 1_000_000;
    private const double HoldOut = 0.05;

    private const string Config = """
        model: {name: deepfm, hidden_units: [400, 400, 400]}
        embedding: {dimension: 16}
        sparse_optimizer: {name: row_wise_adagrad, learning_rate: 0.02}
        dense_optimizer: {name: adam, learning_rate: 0.001}
        """;

    private readonly string _folder;
    private readonly ShardServerProcess[] _servers;
    private readonly PreparedDataset _data;
    private readonly int _staleness;

    /// <summary>Makes the data and starts the servers.</summary>
    /// <param name="folder">Folder for data and runs; the caller removes it.</param>
    /// <param name="nodes">Shard servers.</param>
    /// <param name="staleness">How many steps old the rows of a step may be.</param>
    public ClusterTrainBench(string folder, int nodes, int staleness)
    {
        _folder = folder;
        _staleness = staleness;
        string prepared = Path.Combine(folder, "prepared");
        SyntheticDataset.Write(SyntheticOptions.Criteo((int)(Steps * BatchSize / (1 - (2 * HoldOut))), Ids) with { HoldOut = HoldOut }, prepared);
        _data = PreparedDataset.Open(prepared);
        _servers = [.. Enumerable.Range(0, nodes).Select(n => new ShardServerProcess($"node{n}"))];
    }

    /// <summary>Speeds of one round.</summary>
    /// <param name="Local">Samples per second with the rows in this process.</param>
    /// <param name="Remote">Samples per second with the rows on servers.</param>
    /// <param name="LocalAuc">AUC on the test split.</param>
    /// <param name="RemoteAuc">AUC on the test split.</param>
    internal sealed record Round(double Local, double Remote, double LocalAuc, double RemoteAuc)
    {
        /// <summary>How much of the speed is left.</summary>
        public double Ratio => Remote / Local;
    }

    /// <summary>Trains on both sides.</summary>
    /// <param name="number">Number of the round: the sides take turns in being the first.</param>
    public Round Run(int number)
    {
        var first = Train(isRemote: number % 2 == 1);
        var second = Train(isRemote: number % 2 == 0);
        (var local, var remote) = number % 2 == 1 ? (second, first) : (first, second);
        return new Round(local.SamplesPerSecond, remote.SamplesPerSecond, local.Test!.Auc, remote.Test!.Auc);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var server in _servers)
            server.Dispose();
    }

    private TrainingResult Train(bool isRemote)
    {
        string run = Directory.CreateDirectory(Path.Combine(_folder, Path.GetRandomFileName())).FullName;
        var config = RunConfig.Parse(Config, "bench", [$"dataset.path={_data.Folder}", FormattableString.Invariant($"train={{batch_size: {BatchSize}, epochs: 1, device: cpu}}"), FormattableString.Invariant($"cluster.staleness={_staleness}")]);
        List<IShardNode> nodes = isRemote ? [.. _servers.Select(s => s.Connect())] : [];
        try
        {
            using var trainer = new Trainer(config, _data, run, nodes);
            return trainer.Run();
        }
        finally
        {
            nodes.ForEach(n => n.Dispose());
            Directory.Delete(run, recursive: true);
        }
    }
}
