namespace RecSys.Embeddings.Growing;

/// <summary>Which row makes way for a new id when a growing table is full.</summary>
public enum EvictionOrder
{
    /// <summary>None: the new id is rejected.</summary>
    None,

    /// <summary>The row whose last use is the longest ago, in steps.</summary>
    LeastRecentlyUsed,

    /// <summary>The row with the fewest uses since it was admitted; of several the one used the longest ago. Counts end at 2^24.</summary>
    LeastFrequentlyUsed,

    /// <summary>
    /// The row with the lowest score; of several the one used the longest ago. A use makes score ← score · decay^elapsed + 1, with the
    /// clock's time since the last use; a factor other than 1 would scale all scores alike.
    /// </summary>
    DecayedScore,
}
