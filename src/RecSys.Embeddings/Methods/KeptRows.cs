namespace RecSys.Embeddings.Methods;

/// <summary>The first rows of an order.</summary>
/// <param name="Count">Number of rows.</param>
/// <param name="Limit">The distance that those rows are above, and no other.</param>
internal sealed record KeptRows(long Count, float Limit);
