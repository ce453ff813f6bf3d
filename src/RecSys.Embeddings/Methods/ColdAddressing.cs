namespace RecSys.Embeddings.Methods;

/// <summary>
/// A digit of the ids behind the first ones, counted from 0. The first ids, which have rows elsewhere, share one row behind the
/// digits: a row in use would be touched, and moved by an optimiser with momentum, for ids that do not read it.
/// </summary>
/// <param name="Hot">Number of first ids.</param>
/// <param name="Digit">Digit of the other ids.</param>
internal sealed record ColdAddressing(long Hot, DigitAddressing Digit) : Addressing
{
    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        rows = rows[..ids.Length];
        for (int i = 0; i < ids.Length; i++)
            rows[i] = Math.Max(0, ids[i] - Hot);
        Digit.Address(rows, rows);
        for (int i = 0; i < ids.Length; i++)
            rows[i] = ids[i] < Hot ? Digit.RowCount : rows[i];
    }
}
