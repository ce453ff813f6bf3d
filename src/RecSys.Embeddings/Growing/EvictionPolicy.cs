namespace RecSys.Embeddings.Growing;

/// <summary>How rows leave a growing table to make room.</summary>
/// <remarks>
/// When the table is full, 16 slots are drawn, and the worst of those that are not pinned makes way (sampled eviction as in Redis);
/// when all of them are pinned, the next row that is not. The draws depend on the seed and the number of the eviction alone.
/// </remarks>
public sealed record EvictionPolicy
{
    private EvictionPolicy(EvictionOrder order, double decay)
    {
        Order = order;
        Decay = decay;
    }

    /// <summary>A full table rejects new ids.</summary>
    public static EvictionPolicy None { get; } = new(EvictionOrder.None, 1);

    /// <summary>The row used the longest ago makes way.</summary>
    public static EvictionPolicy LeastRecentlyUsed { get; } = new(EvictionOrder.LeastRecentlyUsed, 1);

    /// <summary>The row with the fewest uses makes way.</summary>
    public static EvictionPolicy LeastFrequentlyUsed { get; } = new(EvictionOrder.LeastFrequentlyUsed, 1);

    /// <summary>Which row makes way.</summary>
    public EvictionOrder Order { get; }

    /// <summary>Factor of the score per unit of the clock; 1 for other orders.</summary>
    public double Decay { get; }

    /// <summary>The row with the lowest score makes way.</summary>
    /// <param name="decay">Factor of the score per unit of the clock, above 0 and below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="decay"/> is out of range.</exception>
    public static EvictionPolicy DecayedScore(double decay)
        => decay is > 0 and < 1
            ? new EvictionPolicy(EvictionOrder.DecayedScore, decay)
            : throw new ArgumentOutOfRangeException(nameof(decay), decay, "The decay of a score must be above 0 and below 1.");

    /// <summary>The policy with its settings, as in files: <c>decayed_score(decay: 0.99)</c>.</summary>
    public override string ToString() => Order switch
    {
        EvictionOrder.None => "none",
        EvictionOrder.LeastRecentlyUsed => "least_recently_used",
        EvictionOrder.LeastFrequentlyUsed => "least_frequently_used",
        _ => FormattableString.Invariant($"decayed_score(decay: {Decay})"),
    };
}
