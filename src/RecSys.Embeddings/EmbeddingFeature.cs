namespace RecSys.Embeddings;

/// <summary>A column of ids in the input: what a model looks up.</summary>
/// <param name="Name">Name of the column.</param>
/// <param name="Field">The vocabulary the ids belong to.</param>
/// <param name="IsSingle">True when every sample has exactly one id; false for bags and sequences.</param>
public sealed record EmbeddingFeature(string Name, EmbeddingField Field, bool IsSingle);
