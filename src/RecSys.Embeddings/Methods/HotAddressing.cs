namespace RecSys.Embeddings.Methods;

/// <summary>Row = id for the first ids; the others share one row behind them, which nothing is read from.</summary>
/// <param name="Hot">Number of ids with a row of their own.</param>
internal sealed record HotAddressing(long Hot) : Addressing
{
    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows)
    {
        for (int i = 0; i < ids.Length; i++)
            rows[i] = Math.Min(ids[i], Hot);
    }
}
