namespace RecSys.Embeddings;

/// <summary>
/// A vocabulary of ids that share one meaning: users, items, zip codes. Several features may look up the same field
/// (a candidate item and the items of a history).
/// </summary>
/// <param name="Name">Stable name; it salts the hashes, so renaming a field changes its rows.</param>
/// <param name="VocabularySize">Number of ids; valid ids are 0 … <paramref name="VocabularySize"/> − 1. Id 0 stands for "unknown".</param>
public sealed record EmbeddingField(string Name, long VocabularySize);
