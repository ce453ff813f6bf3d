namespace RecSys.Embeddings.Tables;

/// <summary>Shape and first values of one physical table of rows.</summary>
/// <param name="Name">Unique name in its store, for example <c>embedding/user_id/quotient</c>. It also salts the initial values.</param>
/// <param name="RowCount">Number of rows, ≥ 1; may exceed 2^31.</param>
/// <param name="Width">Numbers per row, ≥ 1.</param>
/// <param name="Initializer">Rule for the first values.</param>
public sealed record TableSpec(string Name, long RowCount, int Width, Initializer Initializer)
{
    /// <summary>Bytes of all rows in fp32.</summary>
    public long ByteCount => RowCount * Width * sizeof(float);
}
