namespace RecSys.Data.Reading;

/// <summary>What a column of ids must hold.</summary>
/// <param name="Name">Name of the feature.</param>
/// <param name="Field">Name of its vocabulary.</param>
/// <param name="VocabularySize">Valid ids are below.</param>
/// <param name="IsSingle">True when every row has one id, false for lists.</param>
internal sealed record EmbeddingColumn(string Name, string Field, long VocabularySize, bool IsSingle);
