using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>Rows that stay as they are from one phase to the next.</summary>
internal static class CarriedRows
{
    /// <summary>Copies rows from the tables of the same names.</summary>
    /// <param name="from">Tables of the phase before.</param>
    /// <param name="to">Tables of the same precision; each has its counterpart in <paramref name="from"/>.</param>
    public static void CopyByName(IReadOnlyList<RowTable> from, IReadOnlyList<RowTable> to)
    {
        foreach (RowTable target in to)
            target.CopyFrom(from.Single(t => t.Spec.Name == target.Spec.Name));
    }
}
