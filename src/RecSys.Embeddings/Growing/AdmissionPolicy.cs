namespace RecSys.Embeddings.Growing;

/// <summary>Which new ids get a row in a growing table.</summary>
public sealed record AdmissionPolicy
{
    private AdmissionPolicy(AdmissionRule rule, int occurrences, int candidates, double rate)
    {
        Rule = rule;
        Occurrences = occurrences;
        Candidates = candidates;
        Rate = rate;
    }

    /// <summary>Every id, at its first occurrence.</summary>
    public static AdmissionPolicy Always { get; } = new(AdmissionRule.Always, 1, 0, 1);

    /// <summary>What decides.</summary>
    public AdmissionRule Rule { get; }

    /// <summary>The occurrence at which an id is admitted; 1 for rules that do not count.</summary>
    public int Occurrences { get; }

    /// <summary>Ids that can wait at once; 0 for rules that do not count.</summary>
    public int Candidates { get; }

    /// <summary>Probability that a step admits an id, or that a counting Bloom filter admits one too soon; 0 with exact counts.</summary>
    public double Rate { get; }

    /// <summary>Bytes of the memory of ids that wait.</summary>
    public long ByteCount => Rule switch
    {
        AdmissionRule.Count => CountFilter.CountBytes(Candidates),
        AdmissionRule.CountingBloom => BloomShape.For(Candidates, Rate).CounterCount,
        _ => 0,
    };

    /// <summary>An id is admitted at its c-th occurrence. Occurrences are counted exactly, for a limited number of ids.</summary>
    /// <param name="occurrences">c, ≥ 1.</param>
    /// <param name="candidates">
    /// Ids that can wait at once, 1 … 2^30; one more makes the oldest forgotten, whose count then begins anew. 26 bytes each.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range.</exception>
    public static AdmissionPolicy Count(int occurrences, int candidates)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(occurrences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(candidates, IdIndex.LargestCapacity);
        return new AdmissionPolicy(AdmissionRule.Count, occurrences, candidates, 0);
    }

    /// <summary>
    /// An id is admitted at its c-th occurrence, or sooner by mistake: with at most the given probability its counters are also those of
    /// other ids that wait. A filter that has taken in <paramref name="candidates"/> ids forgets all and begins anew, so this holds
    /// for ever; an id needs its c occurrences between two such times.
    /// </summary>
    /// <param name="occurrences">c, 1 … 255.</param>
    /// <param name="candidates">Ids that can wait at once, ≥ 1.</param>
    /// <param name="falsePositiveRate">Probability of a mistake in a filter that is about to begin anew, above 0 and below 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A number is out of range, or the filter would have more than 2^31 − 1 counters.</exception>
    public static AdmissionPolicy CountingBloom(int occurrences, int candidates, double falsePositiveRate)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(occurrences, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(occurrences, byte.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(candidates, 1);
        if (falsePositiveRate is not (> 0 and < 1))
            throw new ArgumentOutOfRangeException(nameof(falsePositiveRate), falsePositiveRate, "The rate of false positives must be above 0 and below 1.");
        var shape = BloomShape.For(candidates, falsePositiveRate);
        if (shape.CounterCount > int.MaxValue)
            throw new ArgumentOutOfRangeException(nameof(candidates), candidates, $"The filter would have {shape.CounterCount} counters; at most {int.MaxValue} are possible.");
        return new AdmissionPolicy(AdmissionRule.CountingBloom, occurrences, candidates, falsePositiveRate);
    }

    /// <summary>
    /// Each step in which an id occurs admits it with probability p, however often it occurs there. The outcome depends on (seed, id,
    /// step) alone.
    /// </summary>
    /// <param name="probability">p, above 0 and at most 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="probability"/> is out of range.</exception>
    public static AdmissionPolicy Probability(double probability)
        => probability is > 0 and <= 1
            ? new AdmissionPolicy(AdmissionRule.Probability, 1, 0, probability)
            : throw new ArgumentOutOfRangeException(nameof(probability), probability, "The probability of admission must be above 0 and at most 1.");

    /// <summary>The policy with its settings, as in files: <c>count(occurrences: 3, candidates: 1000)</c>.</summary>
    public override string ToString() => Rule switch
    {
        AdmissionRule.Always => "always",
        AdmissionRule.Count => $"count(occurrences: {Occurrences}, candidates: {Candidates})",
        AdmissionRule.CountingBloom => FormattableString.Invariant($"counting_bloom(occurrences: {Occurrences}, candidates: {Candidates}, false_positive_rate: {Rate})"),
        _ => FormattableString.Invariant($"probability({Rate})"),
    };

    /// <summary>The policy of one of several equal parts of a table: candidates are shared out, rounded up.</summary>
    /// <param name="parts">Number of the parts, ≥ 1.</param>
    internal AdmissionPolicy Share(int parts)
    {
        int candidates = (int)((Candidates + (long)parts - 1) / parts);
        return Rule switch
        {
            AdmissionRule.Count => Count(Occurrences, candidates),
            AdmissionRule.CountingBloom => CountingBloom(Occurrences, candidates, Rate),
            _ => this,
        };
    }

    /// <summary>Creates the memory of ids that wait.</summary>
    internal AdmissionFilter CreateFilter(ulong seed) => Rule switch
    {
        AdmissionRule.Count => new CountFilter(Occurrences, Candidates, seed),
        AdmissionRule.CountingBloom => new CountingBloomFilter(Occurrences, Candidates, BloomShape.For(Candidates, Rate), seed),
        _ => new ProbabilityFilter(Rate, seed),
    };
}
