namespace RecSys.Embeddings.Methods;

/// <summary>What the backward pass of a mini-batch has noted of the ids of a feature.</summary>
/// <param name="Field">Field of the ids.</param>
/// <param name="Ids">What the computed source gave for each id: the id itself, for example.</param>
/// <param name="Notes">A number per id.</param>
public sealed record IdNotes(EmbeddingField Field, ReadOnlyMemory<long> Ids, ReadOnlyMemory<float> Notes);
