using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings;

/// <summary>
/// A group of look-ups of one width: for example the vectors of all features, or the first-order weights (width 1).
/// A model may use several sets; each has its own method and budget.
/// </summary>
/// <param name="Name">Name of the set; it prefixes its tables' names.</param>
/// <param name="Features">Features looked up, in the order of the output, and how each is pooled.</param>
/// <param name="Layout">Tables, addressing and combination of every field used.</param>
public sealed record EmbeddingSet(string Name, IReadOnlyList<PooledFeature> Features, MethodLayout Layout);

/// <summary>A feature of an <see cref="EmbeddingSet"/>.</summary>
/// <param name="Feature">Index into the collection's features.</param>
/// <param name="Pooling">Pooling of several ids; without effect on features with one id per sample.</param>
public readonly record struct PooledFeature(int Feature, Pooling Pooling);
