using RecSys.Embeddings.Kernels;
using RecSys.Embeddings.Tables;

namespace RecSys.Embeddings.Tests.Kernels;

public sealed class InitialValuesTests
{
    private const int Count = 1 << 21;

    [Fact]
    public void Fill_Normal_HasTheMomentsOfANormal()
    {
        double[] moments = Moments(Fill(Initializer.Normal(1), 3, 0, 16, Count));

        // Standard errors at 2 million numbers: 7e-4, 1e-3, 2.7e-3, 6.8e-3.
        Assert.Equal(0, moments[0], 0.003);
        Assert.Equal(1, moments[1], 0.004);
        Assert.Equal(0, moments[2], 0.011);
        Assert.Equal(3, moments[3], 0.028);
    }

    [Theory]
    [InlineData(-4)]
    [InlineData(-2.5)]
    [InlineData(-1.5)]
    [InlineData(-0.3)]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1.44)]
    [InlineData(3)]
    public void Fill_Normal_HasTheDistributionOfANormal(double z)
    {
        float[] values = Fill(Initializer.Normal(0.5), 4, 0, 16, Count);
        double expected = Probability(z);

        double share = values.Count(v => v < 0.5 * z) / (double)Count;

        Assert.Equal(expected, share, 4 * Math.Sqrt(expected * (1 - expected) / Count));
    }

    [Fact]
    public void Fill_Uniform_IsSymmetricInsideItsBounds()
    {
        float[] values = Fill(Initializer.Uniform(0.25), 5, 0, 8, Count);
        double[] moments = Moments(values);

        Assert.All(values, v => Assert.True(Math.Abs(v) < 0.25f && v != 0));
        Assert.Equal(0, moments[0], 4e-4);
        Assert.Equal(0.0625 / 3, moments[1], 5e-5);
        Assert.Equal(0.0625 * 0.0625 / 5, moments[3], 1e-5);
    }

    // Keys that differ in upper or lower bits alone, of either sign: no two rows share a value.
    [Theory]
    [InlineData(8)]
    [InlineData(13)]
    public void FillRow_AnyKey_HasValuesOfItsOwn(int width)
    {
        ulong[] keys = [0, 1, 2, ulong.MaxValue, ulong.MaxValue - 1, 1UL << 63, (1UL << 63) + 1, 1UL << 62, 1UL << 61, 1UL << 60, 3UL << 60];
        float[][] rows = [.. keys.Select(_ => new float[width])];
        for (int i = 0; i < keys.Length; i++)
            InitialValues.FillRow(Initializer.Normal(1), 3, keys[i], rows[i]);

        Assert.Equal(keys.Length * width, rows.SelectMany(r => r).Distinct().Count());
        Assert.Equal(Fill(Initializer.Normal(1), 3, 2, width, width), rows[2]);
    }

    [Fact]
    public void Fill_SampledGaussian_HasTheMomentsOfTheNumbersOutsideTwoDeviations()
    {
        float[] values = Fill(Initializer.SampledGaussian(0.1), 8, 0, 16, Count);
        double[] moments = Moments([.. values.Select(v => 10 * v)]);

        // With z² the square of a kept number: E z² = 5.7464 and E z⁴ = 3 E z² + 8·φ(2)/Q(2) = 36.225, so E x⁴ = 36.225 / 5.7464².
        Assert.All(values, v => Assert.InRange(Math.Abs(v), 0.1 * 2 / 2.397172, 1));
        Assert.Equal(0, moments[0], 0.003);
        Assert.Equal(1, moments[1], 0.003);
        Assert.Equal(0, moments[2], 0.005);
        Assert.Equal(1.0970, moments[3], 0.005);
    }

    [Theory]
    [InlineData(2.1)]
    [InlineData(2.5)]
    [InlineData(4)]
    public void Fill_SampledGaussian_HasTheTailOfANormal(double z)
    {
        float[] values = Fill(Initializer.SampledGaussian(2.397171471890503), 9, 0, 16, Count);
        double expected = (1 - Probability(z)) / (2 * (1 - Probability(2)));

        Assert.Equal(expected, values.Count(v => v > z) / (double)Count, 4 * Math.Sqrt(expected * (1 - expected) / Count));
        Assert.Equal(expected, values.Count(v => v < -z) / (double)Count, 4 * Math.Sqrt(expected * (1 - expected) / Count));
    }

    [Theory]
    [InlineData(InitialDistribution.SampledGaussian, 7)]
    [InlineData(InitialDistribution.Uniform, 7)]
    [InlineData(InitialDistribution.Uniform, 16)]
    [InlineData(InitialDistribution.Normal, 7)]
    [InlineData(InitialDistribution.Normal, 1)]
    public void Fill_AnyPart_EqualsThatPartOfTheWhole(InitialDistribution distribution, int width)
    {
        var initializer = new Initializer(distribution, 0.1f);
        float[] whole = Fill(initializer, 6, 0, width, 1000 * width);

        foreach (int firstRow in new[] { 1, 2, 333, 999 })
        {
            float[] part = Fill(initializer, 6, firstRow, width, (1000 - firstRow) * width);
            Assert.Equal(whole[(firstRow * width)..], part);
        }
    }

    [Fact]
    public void Fill_BeyondInt32_DoesNotRepeat()
    {
        float[] start = Fill(Initializer.Uniform(1), 6, 0, 16, 64);

        Assert.NotEqual(start, Fill(Initializer.Uniform(1), 6, 1L << 32, 16, 64));
        Assert.NotEqual(start, Fill(Initializer.Uniform(1), 7, 0, 16, 64));
    }

    // Runs are reproduced from their seed: these numbers never change.
    [Fact]
    public void Fill_GoldenRows_NeverChanges()
    {
        ulong salt = RowHash.Salt(2026, "embedding/user_id", 0);

        Assert.Equal([-0.0122128222f, 0.00613542506f, 0.0193152707f, 0.0053491923f], Fill(Initializer.Uniform(0.05), salt, 12345, 4, 4));
        Assert.Equal([-0.00311074965f, 0.0015440362f, 0.00504806684f, 0.00134488661f], Fill(Initializer.Normal(0.01), salt, 12345, 4, 4));
        Assert.Equal([-0.00882502552f, 0.00857096445f, 0.0091706533f, 0.00854032021f], Fill(Initializer.SampledGaussian(0.01), salt, 12345, 4, 4));
        Assert.Equal([2.5f, 2.5f], Fill(new Initializer(InitialDistribution.Constant, 2.5f), salt, 1, 2, 2));
    }

    // Tabulated quantiles of the standard normal distribution.
    [Theory]
    [InlineData(0.05, 1.6448536269514722)]
    [InlineData(0.025, 1.959963984540054)]
    [InlineData(0.001, 3.090232306167813)]
    [InlineData(1e-6, 4.753424308822899)]
    [InlineData(1e-12, 7.034483825301131)]
    public void TailQuantile_TabulatedProbability_GivesTheQuantile(double probability, double expected)
        => Assert.Equal(expected, InitialValues.TailQuantile(probability), 1e-6);

    [Theory]
    [InlineData(0.5, 0)]
    [InlineData(0.6, 0.2533471031357997)]
    [InlineData(0.75, 0.6744897501960817)]
    [InlineData(0.92, 1.4050715603096329)]
    [InlineData(0.1, -1.2815515655446004)]
    public void CentralQuantiles_TabulatedProbability_GivesTheQuantile(double probability, double expected)
    {
        float[] values = [.. Enumerable.Repeat((float)(probability - 0.5), 37)];

        EmbeddingKernels.CentralQuantiles(values, 1);

        Assert.All(values, v => Assert.Equal(expected, v, 1e-6));
    }

    private static float[] Fill(Initializer initializer, ulong salt, long firstRow, int width, int count)
    {
        float[] values = new float[count];
        InitialValues.Fill(initializer, salt, firstRow, width, values);
        return values;
    }

    private static double[] Moments(float[] values)
        => [.. Enumerable.Range(1, 4).Select(power => values.Average(v => Math.Pow(v, power)))];

    // Φ(z) by Simpson's rule from 0.
    private static double Probability(double z)
    {
        const int Steps = 1000;
        double sum = 0;
        for (int i = 0; i <= Steps; i++)
            sum += (i is 0 or Steps ? 1 : i % 2 == 0 ? 2 : 4) * Math.Exp(-0.5 * z * z * i * i / Steps / Steps);
        return 0.5 + (sum * z / Steps / 3 / Math.Sqrt(2 * Math.PI));
    }
}
