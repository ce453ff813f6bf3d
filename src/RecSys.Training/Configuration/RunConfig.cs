using RecSys.Data.Configuration;

namespace RecSys.Training.Configuration;

/// <summary>Everything that decides a training run, read from YAML once and validated at the start.</summary>
public sealed class RunConfig
{
    /// <summary>Reads a configuration that has been put together already.</summary>
    /// <param name="root">Its root, at which nothing has been read yet.</param>
    /// <exception cref="ConfigException">A key or value is wrong.</exception>
    public RunConfig(ConfigNode root)
    {
        ArgumentNullException.ThrowIfNull(root);
        Root = root;
        Dataset = new DatasetConfig(root.Section("dataset"));
        Model = new ModelConfig(root.Section("model"));
        Embedding = new EmbeddingConfig(root.Section("embedding"));
        SparseOptimizer = new SparseOptimizerConfig(root.Section("sparse_optimizer"));
        DenseOptimizer = new DenseOptimizerConfig(root.Section("dense_optimizer"));
        Train = new TrainConfig(root.Section("train"));
        Cluster = new ClusterConfig(root.Section("cluster"));
    }

    /// <summary>The data set.</summary>
    public DatasetConfig Dataset { get; }

    /// <summary>The CTR model.</summary>
    public ModelConfig Model { get; }

    /// <summary>Width, method and initial values of the embedding tables.</summary>
    public EmbeddingConfig Embedding { get; }

    /// <summary>Optimiser of the embedding rows.</summary>
    public SparseOptimizerConfig SparseOptimizer { get; }

    /// <summary>Optimiser of the dense parameters.</summary>
    public DenseOptimizerConfig DenseOptimizer { get; }

    /// <summary>Batches, epochs, seeds, stopping.</summary>
    public TrainConfig Train { get; }

    /// <summary>Nodes that hold the embedding rows while training.</summary>
    public ClusterConfig Cluster { get; }

    /// <summary>The configuration as read.</summary>
    public ConfigNode Root { get; }

    /// <summary>Reads a file.</summary>
    /// <param name="path">YAML file.</param>
    /// <param name="overrides">Entries of the form <c>train.batch_size=1024</c>.</param>
    /// <param name="experiment">Named experiment of a file with <c>base</c> and <c>experiments</c> blocks.</param>
    /// <exception cref="ConfigException">A key or value is wrong.</exception>
    public static RunConfig Load(string path, IReadOnlyList<string>? overrides = null, string? experiment = null)
        => new(ConfigNode.Load(path, overrides, experiment));

    /// <summary>Reads YAML text.</summary>
    /// <param name="yaml">The text.</param>
    /// <param name="source">Name used in messages.</param>
    /// <param name="overrides">Entries of the form <c>train.batch_size=1024</c>.</param>
    /// <exception cref="ConfigException">A key or value is wrong.</exception>
    public static RunConfig Parse(string yaml, string source, IReadOnlyList<string>? overrides = null)
        => new(ConfigNode.Parse(yaml, source, overrides));
}
