using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Methods;

/// <summary>Row = a stored number of the id.</summary>
/// <param name="Pointers">The numbers of all columns, id after id.</param>
/// <param name="ColumnCount">Numbers per id.</param>
/// <param name="Column">Which of them is the row.</param>
internal sealed record PointerAddressing(PackedArray Pointers, int ColumnCount, int Column) : Addressing
{
    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        for (int i = 0; i < ids.Length; i++)
            rows[i] = Pointers[(ids[i] * ColumnCount) + Column];
    }
}
