namespace RecSys.Cluster;

/// <summary>A request that a shard refuses; nothing has been changed.</summary>
/// <param name="kind">Why.</param>
/// <param name="message">What is wrong and what would be valid.</param>
/// <param name="inner">What it follows from.</param>
public sealed class ShardException(ShardErrorKind kind, string message, Exception? inner = null) : Exception(message, inner)
{
    /// <summary>Why.</summary>
    public ShardErrorKind Kind { get; } = kind;
}
