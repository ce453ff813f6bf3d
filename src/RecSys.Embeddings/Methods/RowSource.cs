namespace RecSys.Embeddings.Methods;

/// <summary>One row read per id (or a whole small table read once per mini-batch).</summary>
/// <param name="Table">Index into <see cref="MethodLayout.Tables"/>.</param>
/// <param name="Addressing">Id → row; null reads all rows of the table once per mini-batch (a projection matrix, for example).</param>
public sealed record RowSource(int Table, Addressing? Addressing);
