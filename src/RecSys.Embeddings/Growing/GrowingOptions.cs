namespace RecSys.Embeddings.Growing;

/// <summary>Policies of a growing table.</summary>
public sealed record GrowingOptions
{
    /// <summary>Which new ids get a row.</summary>
    /// <value><see cref="AdmissionPolicy.Always"/> by default.</value>
    public AdmissionPolicy Admission { get; init; } = AdmissionPolicy.Always;

    /// <summary>Which row makes way for a new id when the table is full.</summary>
    /// <value><see cref="EvictionPolicy.None"/> by default: new ids are rejected.</value>
    public EvictionPolicy Eviction { get; init; } = EvictionPolicy.None;

    /// <summary>A row that was not used for longer, in units of the clock, has expired: it makes way before any other.</summary>
    /// <value>Null by default: rows do not expire; ≥ 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long? TimeToLive
    {
        get;
        init
        {
            if (value is { } time)
                ArgumentOutOfRangeException.ThrowIfNegative(time, nameof(value));
            field = value;
        }
    }

    /// <summary>
    /// How many steps before the current one may still be at work on their rows: rows used in these steps or the current one are pinned,
    /// that is, not evicted. As many as mini-batches are planned ahead.
    /// </summary>
    /// <value>0 by default; ≥ 0.</value>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public int StepsAhead
    {
        get;
        init
        {
            ArgumentOutOfRangeException.ThrowIfNegative(value);
            field = value;
        }
    }

    /// <summary>The policies of one of several equal parts of a table.</summary>
    /// <param name="parts">Number of the parts, ≥ 1.</param>
    internal GrowingOptions Share(int parts) => this with { Admission = Admission.Share(parts) };

    /// <summary>Whether rows can be evicted at all.</summary>
    internal bool Evicts => TimeToLive is not null || Eviction.Order != EvictionOrder.None;

    /// <summary>Whether rows keep the clock of their last use.</summary>
    internal bool KeepsTime => TimeToLive is not null || Eviction.Order == EvictionOrder.DecayedScore;

    /// <summary>Whether rows keep a count of uses or a score.</summary>
    internal bool KeepsScore => Eviction.Order is EvictionOrder.LeastFrequentlyUsed or EvictionOrder.DecayedScore;
}
