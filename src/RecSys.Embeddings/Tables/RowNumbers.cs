namespace RecSys.Embeddings.Tables;

/// <summary>
/// The rows of a larger table that a part of it holds: row i of the part is row <paramref name="First"/> + i · <paramref name="Stride"/>
/// of the whole. First values and random rounding follow the number in the whole, so the parts of a table hold the same bits as it would.
/// </summary>
/// <param name="First">Number of the part's first row, ≥ 0.</param>
/// <param name="Stride">Distance of two rows, ≥ 1.</param>
public readonly record struct RowNumbers(long First, long Stride)
{
    /// <summary>All rows of a table.</summary>
    public static RowNumbers Whole { get; } = new(0, 1);

    /// <summary>The number in the whole table.</summary>
    /// <param name="row">Row of the part.</param>
    public long Of(long row) => First + (row * Stride);
}
