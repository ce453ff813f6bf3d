namespace RecSys.Data.Synthetic;

/// <summary>
/// Draws ranks 0 … n − 1 in proportion to (rank + 1)^−s. The inverse of the distribution is cut into equally likely buckets; within a
/// bucket ranks are drawn evenly. The frequent ranks fill buckets of their own and are exact; a draw costs one random number.
/// </summary>
internal sealed class PowerLawSampler
{
    private const int BucketBits = 12;

    private readonly int[] _bounds;
    private readonly double[] _weights = [];

    internal PowerLawSampler(int count, double exponent)
    {
        int buckets = 1 << BucketBits;
        if (count <= buckets)
        {
            // Small fields are exact: the running sum of all weights is searched.
            _weights = new double[count];
            double total = 0;
            for (int rank = 0; rank < count; rank++)
                _weights[rank] = total += Math.Pow(rank + 1, -exponent);
            for (int rank = 0; rank < count; rank++)
                _weights[rank] /= total;
        }

        _bounds = new int[buckets + 1];
        for (int bucket = 0; bucket <= buckets; bucket++)
            _bounds[bucket] = count <= buckets ? Search((double)bucket / buckets, 0, count - 1) : (int)Math.Min(count, Quantile((double)bucket / buckets, count, exponent));
    }

    /// <summary>A rank.</summary>
    internal int Next(ref SplitMix random)
    {
        ulong bits = random.Next();
        int bucket = (int)(bits >> (64 - BucketBits));
        if (_weights.Length > 0)
            return Search((bits >> 11) * (1.0 / (1UL << 53)), _bounds[bucket], _bounds[bucket + 1]);
        int first = _bounds[bucket];
        int width = Math.Max(1, _bounds[bucket + 1] - first);
        // The bits below the bucket's number, as a fraction of the bucket.
        return first + (int)Math.BigMul(bits << BucketBits, (ulong)width, out _);
    }

    // The continuous power law on [1, n + 1): exact enough where a bucket spans many ranks, or one rank many buckets.
    private static double Quantile(double share, int count, double exponent)
    {
        double top = count + 1.0;
        double value = Math.Abs(exponent - 1) < 1e-9
            ? Math.Pow(top, share)
            : Math.Pow((Math.Pow(top, 1 - exponent) - 1) * share + 1, 1 / (1 - exponent));
        return Math.Floor(value - 1);
    }

    private int Search(double share, int low, int high)
    {
        while (low < high)
        {
            int middle = (low + high) / 2;
            if (_weights[middle] > share)
                high = middle;
            else
                low = middle + 1;
        }

        return low;
    }
}
