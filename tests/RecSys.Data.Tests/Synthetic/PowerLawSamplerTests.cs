using RecSys.Data.Synthetic;

namespace RecSys.Data.Tests.Synthetic;

public sealed class PowerLawSamplerTests
{
    [Theory]
    [InlineData(1, 1.1)]
    [InlineData(2, 0.0)]
    [InlineData(50, 1.0)]
    [InlineData(4096, 0.8)]
    public void Next_SmallField_FollowsThePowerLaw(int count, double exponent)
    {
        const int Draws = 200_000;
        var sampler = new PowerLawSampler(count, exponent);
        var random = new SplitMix(1);
        int[] counts = new int[count];
        for (int i = 0; i < Draws; i++)
            counts[sampler.Next(ref random)]++;

        double total = Enumerable.Range(1, count).Sum(rank => Math.Pow(rank, -exponent));
        for (int rank = 0; rank < Math.Min(count, 20); rank++)
        {
            double expected = Draws * Math.Pow(rank + 1, -exponent) / total;
            Assert.InRange(counts[rank], expected - 6 * Math.Sqrt(expected) - 1, expected + 6 * Math.Sqrt(expected) + 1);
        }
    }

    [Theory]
    [InlineData(100_000, 0.5)]
    [InlineData(5_000_000, 1.1)]
    public void Next_LargeField_HasTheSharesOfThePowerLaw(int count, double exponent)
    {
        const int Draws = 400_000;
        var sampler = new PowerLawSampler(count, exponent);
        var random = new SplitMix(2);
        int[] limits = [10, 1000, count / 10, count];
        int[] below = new int[limits.Length];
        for (int i = 0; i < Draws; i++)
        {
            int rank = sampler.Next(ref random);
            Assert.InRange(rank, 0, count - 1);
            for (int j = 0; j < limits.Length; j++)
                below[j] += rank < limits[j] ? 1 : 0;
        }

        double total = Integral(count);
        for (int j = 0; j < limits.Length; j++)
            Assert.Equal(Integral(limits[j]) / total, below[j] / (double)Draws, 0.006);

        double Integral(int n) => (Math.Pow(n + 1, 1 - exponent) - 1) / (1 - exponent);
    }
}
