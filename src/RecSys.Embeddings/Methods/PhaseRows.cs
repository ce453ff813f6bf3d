using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>Rows that stay as they are from one phase to the next.</summary>
internal static class PhaseRows
{
    private const int Piece = 1 << 24;

    /// <summary>Copies rows from the tables of the same names.</summary>
    /// <param name="from">Tables of the phase before.</param>
    /// <param name="to">Tables of the same precision; each has its counterpart in <paramref name="from"/>.</param>
    public static void CopyByName(IReadOnlyList<RowTable> from, IReadOnlyList<RowTable> to)
    {
        foreach (RowTable target in to)
            Copy(from.Single(t => t.Spec.Name == target.Spec.Name), target);
    }

    /// <summary>Copies all rows of a table to one of the same size and precision.</summary>
    public static void Copy(RowTable from, RowTable to)
    {
        for (long start = 0; start < from.Rows.Length; start += Piece)
        {
            int length = (int)Math.Min(Piece, from.Rows.Length - start);
            from.Rows.Span(start, length).CopyTo(to.Rows.Span(start, length));
        }
    }
}
