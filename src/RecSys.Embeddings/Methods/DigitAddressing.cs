namespace RecSys.Embeddings.Methods;

/// <summary>
/// Row = ⌊id / divisor⌋ mod row count: a digit of the id in a mixed radix. With divisor 1 a remainder (and the plain hashing trick
/// on ids that are already numbered), with as many rows as there are quotients a quotient.
/// </summary>
internal sealed record DigitAddressing(long DividedBy, long RowCount) : Addressing
{
    private readonly Divisor _divisor = new(DividedBy);
    private readonly Divisor _rowCount = new(RowCount);

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        Divisor divisor = _divisor;
        Divisor rowCount = _rowCount;
        rows = rows[..ids.Length];
        if (DividedBy == 1)
        {
            for (int i = 0; i < ids.Length; i++)
                rows[i] = (long)rowCount.Remainder((ulong)ids[i]);
            return;
        }

        for (int i = 0; i < ids.Length; i++)
            rows[i] = (long)rowCount.Remainder(divisor.Quotient((ulong)ids[i]));
    }
}
