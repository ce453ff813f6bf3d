using RecSys.Embeddings;

namespace RecSys.Training.Models;

/// <summary>A set of embedding look-ups that a model asks for.</summary>
/// <param name="Name">Name of the set; it prefixes the names of the tables.</param>
/// <param name="Dimension">Width of the vectors.</param>
/// <param name="Features">Features looked up, and how each is pooled.</param>
public sealed record SetRequest(string Name, int Dimension, IReadOnlyList<PooledFeature> Features);
