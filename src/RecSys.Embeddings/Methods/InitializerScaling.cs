using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Scales first values so that a vector composed of several rows starts with the variance a full table would have. Without this,
/// sums start too large, and products too small (or, with one-sided ranges, far from zero).
/// </summary>
internal static class InitializerScaling
{
    /// <summary>For rows that are added: variance adds up, so each has 1/terms of it. A constant is split evenly.</summary>
    public static Initializer ForSum(this Initializer target, int terms)
        => Scaled(target, target.Distribution == InitialDistribution.Constant ? 1.0 / terms : 1 / Math.Sqrt(terms));

    /// <summary>For rows that are averaged. A constant stays.</summary>
    public static Initializer ForMean(this Initializer target, int terms)
        => Scaled(target, target.Distribution == InitialDistribution.Constant ? 1 : Math.Sqrt(terms));

    /// <summary>
    /// For rows that are multiplied: all factors have mean 0 and the k-th root of the target's standard deviation, so the product
    /// has mean 0 and the target's variance. A constant (also 0) goes into the first factor and the others are 1: two zero factors
    /// would never receive a gradient.
    /// </summary>
    public static (Initializer First, Initializer Others) ForProduct(this Initializer target, int factors = 2)
    {
        double deviation = target.StandardDeviation();
        if (deviation == 0)
            return (target, new Initializer(InitialDistribution.Constant, 1));
        Initializer factor = Scaled(target, 1 / Math.Pow(double.RootN(deviation, factors), factors - 1));
        return (factor, factor);
    }

    /// <summary>
    /// For rows that are added, each times a weight uniform in (−1, 1): the square of such a weight is 1/3 on average, so rows have
    /// three times the variance that they have without weights. A constant is split evenly, and the weights are 1.
    /// </summary>
    public static (Initializer Rows, Initializer Weights) ForWeightedSum(this Initializer target, int terms)
        => target.Distribution == InitialDistribution.Constant
            ? (target.ForSum(terms), new Initializer(InitialDistribution.Constant, 1))
            : (Scaled(target.ForSum(terms), Math.Sqrt(3)), Initializer.Uniform(1));

    /// <summary>
    /// For a table that several fields share: their common rule, or normal with the mean of their variances when they differ.
    /// </summary>
    public static Initializer ForShared(IEnumerable<Initializer> targets)
    {
        Initializer[] distinct = [.. targets];
        if (distinct.All(t => t == distinct[0]))
            return distinct[0];
        return Initializer.Normal(Math.Sqrt(distinct.Average(t => t.StandardDeviation() * t.StandardDeviation())));
    }

    /// <summary>Standard deviation of the first values.</summary>
    public static double StandardDeviation(this Initializer initializer) => initializer.Distribution switch
    {
        InitialDistribution.Constant => 0,
        InitialDistribution.Uniform => Math.Abs(initializer.Scale) / Math.Sqrt(3),
        _ => Math.Abs(initializer.Scale),
    };

    private static Initializer Scaled(Initializer target, double factor) => target with { Scale = (float)(target.Scale * factor) };
}
