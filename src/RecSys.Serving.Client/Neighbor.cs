namespace RecSys.Serving.Client;

/// <summary>An id with a similar vector.</summary>
/// <param name="Id">The id.</param>
/// <param name="Value">Its raw value.</param>
/// <param name="Similarity">Cosine of the angle between the vectors, −1 … 1.</param>
public sealed record Neighbor(long Id, string? Value, float Similarity);
