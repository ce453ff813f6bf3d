using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;

namespace RecSys.Training.Models;

/// <summary>What the constructor of a model may use.</summary>
/// <param name="Schema">Features of the data set.</param>
/// <param name="Dimension">Width of the embedding vectors.</param>
/// <param name="Options">The model's section of the configuration.</param>
public sealed record ModelContext(DataSchema Schema, int Dimension, ConfigNode Options)
{
    /// <summary>All sparse features, each reduced to one vector per sample: bags and histories by their mean.</summary>
    public IReadOnlyList<PooledFeature> AllPooled { get; } =
        [.. Enumerable.Range(0, Schema.EmbeddingFeatures.Count).Select(f => new PooledFeature(f, Pooling.Mean))];

    /// <summary>The first-order weights of linear models: width 1, all features.</summary>
    public SetRequest LinearSet => new("linear", 1, AllPooled);

    /// <summary>The vectors of interaction models: all features.</summary>
    public SetRequest EmbeddingSet => new("embedding", Dimension, AllPooled);

    /// <summary>Width of the vectors of <see cref="EmbeddingSet"/> and the numeric features side by side.</summary>
    public int FlatWidth => (AllPooled.Count * Dimension) + Schema.NumericCount;
}
