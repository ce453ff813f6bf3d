namespace RecSys.Embeddings;

/// <summary>One table's line of a <see cref="ByteLedger"/>.</summary>
/// <param name="Name">Name of the table.</param>
/// <param name="RowCount">Rows.</param>
/// <param name="Width">Numbers per row.</param>
/// <param name="Parameters">Bytes of the rows in their precision.</param>
/// <param name="State">Bytes of the optimiser state.</param>
/// <param name="Gradients">Largest bytes of the row gradients of one mini-batch.</param>
public sealed record TableBytes(string Name, long RowCount, int Width, long Parameters, long State, long Gradients);
