namespace RecSys.Embeddings.Methods;

/// <summary>How the ids of one field become vectors.</summary>
/// <param name="Field">The field.</param>
/// <param name="Sources">Rows read per id, in the order the combination expects.</param>
/// <param name="Combination">How the rows become the vector.</param>
public sealed record FieldLayout(EmbeddingField Field, IReadOnlyList<RowSource> Sources, Combination Combination);
