namespace RecSys.Embeddings.Methods;

/// <summary>One row read per id (or a whole small table read once per mini-batch), or one number computed per id.</summary>
/// <param name="Table">Index into <see cref="MethodLayout.Tables"/>, or −1 for numbers that are computed.</param>
/// <param name="Addressing">Id → row; null reads all rows of the table once per mini-batch (a projection matrix, for example).</param>
public sealed record RowSource(int Table, Addressing? Addressing)
{
    /// <summary>True when no row is read: what <see cref="Addressing"/> computes is handed to the combination as it is.</summary>
    public bool IsCode => Table < 0;

    /// <summary>A number computed per id: signs, shifts, digits, the id itself.</summary>
    /// <param name="addressing">Id → number.</param>
    public static RowSource Code(Addressing addressing) => new(-1, addressing);
}
