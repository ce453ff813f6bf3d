namespace RecSys.Embeddings.Tables;

/// <summary>
/// Rule for the first values of a table. The values of a row depend only on (seed, table name, row), never on the order in
/// which rows are made, so a table split over machines starts with the same numbers.
/// </summary>
/// <param name="Distribution">Uniform(−<paramref name="Scale"/>, <paramref name="Scale"/>), normal or sampled Gaussian with standard deviation <paramref name="Scale"/>, or the constant <paramref name="Scale"/>.</param>
/// <param name="Scale">Half-width, standard deviation or constant.</param>
public readonly record struct Initializer(InitialDistribution Distribution, float Scale)
{
    /// <summary>Every value 0.</summary>
    public static Initializer Zero => new(InitialDistribution.Constant, 0);

    /// <summary>Uniform in (−<paramref name="bound"/>, <paramref name="bound"/>).</summary>
    public static Initializer Uniform(double bound) => new(InitialDistribution.Uniform, (float)bound);

    /// <summary>Normal with mean 0.</summary>
    public static Initializer Normal(double standardDeviation) => new(InitialDistribution.Normal, (float)standardDeviation);

    /// <summary><see cref="InitialDistribution.SampledGaussian"/> with mean 0.</summary>
    public static Initializer SampledGaussian(double standardDeviation) => new(InitialDistribution.SampledGaussian, (float)standardDeviation);
}
