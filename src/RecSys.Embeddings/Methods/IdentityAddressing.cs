namespace RecSys.Embeddings.Methods;

/// <summary>Row = id: every id has its own row.</summary>
internal sealed record IdentityAddressing : Addressing
{
    /// <summary>The only instance.</summary>
    public static IdentityAddressing Instance { get; } = new();

    /// <inheritdoc/>
    public override void Address(ReadOnlySpan<long> ids, Span<long> rows) => ids.CopyTo(rows);
}
