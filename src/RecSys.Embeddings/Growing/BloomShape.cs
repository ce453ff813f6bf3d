namespace RecSys.Embeddings.Growing;

/// <summary>Sizes of a Bloom filter.</summary>
/// <param name="HashCount">Counters per id, ≥ 1.</param>
/// <param name="CounterCount">Counters in all.</param>
internal readonly record struct BloomShape(int HashCount, long CounterCount)
{
    /// <summary>The smallest filter whose rate of false positives, (1 − e^(−kn/m))^k, is at most that asked for.</summary>
    /// <param name="ids">n, ≥ 1.</param>
    /// <param name="falsePositiveRate">The rate, above 0 and below 1.</param>
    public static BloomShape For(int ids, double falsePositiveRate)
    {
        int hashes = Math.Max(1, (int)Math.Round(-Math.Log2(falsePositiveRate)));
        double counters = -(double)hashes * ids / Math.Log(1 - Math.Pow(falsePositiveRate, 1.0 / hashes));
        return new BloomShape(hashes, (long)Math.Ceiling(counters));
    }
}
