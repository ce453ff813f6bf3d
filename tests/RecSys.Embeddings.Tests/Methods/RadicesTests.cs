using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class RadicesTests
{
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void Balanced_EveryCount_HasTheSmallestSum(int parts)
    {
        for (int count = 1; count <= 200; count++)
        {
            long[] radices = Radices.Balanced(count, parts);

            Assert.Equal(parts, radices.Length);
            Assert.True(Product(radices) >= count);
            Assert.Equal(SmallestSum(count, parts), radices.Sum());
        }
    }

    // The knob of the method relies on it.
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    public void Mixed_LargerFirstRadix_NeverNeedsFewerRows(int parts)
    {
        foreach (int count in new[] { 2, 9, 61, 100, 999, 4_096, 40_000 })
        {
            long before = 0;
            for (long first = Radices.CeilingRoot(count, parts); first <= Math.Min(count, 2_000); first++)
            {
                long[] radices = Radices.Mixed(count, parts, first);
                Assert.Equal(first, radices[0]);
                Assert.True(Product(radices) >= count);
                Assert.InRange(radices.Sum(), before, long.MaxValue);
                before = radices.Sum();
            }
        }
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(6)]
    public void Coprime_AnyFirstRadix_HasNoCommonFactors(int parts)
    {
        foreach (int first in new[] { 1, 2, 6, 30, 64, 210, 1_000 })
        {
            long[] radices = Radices.Coprime(5_000, parts, first);

            Assert.Equal(first, radices[0]);
            Assert.True(Product(radices) >= 5_000);
            for (int i = 0; i < parts; i++)
            {
                for (int j = 0; j < i; j++)
                    Assert.Equal(1, Enumerable.Range(1, 1_000).Last(f => radices[i] % f == 0 && radices[j] % f == 0));
            }
        }
    }

    [Theory]
    [InlineData(1, 3, 1)]
    [InlineData(999_999_999_999, 2, 1_000_000)]
    [InlineData(1_000_000_000_000, 3, 10_000)]
    [InlineData(1_000_000_000_001, 3, 10_001)]
    [InlineData(long.MaxValue, 2, 3_037_000_500)]
    [InlineData(long.MaxValue, 63, 2)]
    public void CeilingRoot_AnyNumber_IsTheSmallestThatReachesIt(long number, int degree, long root)
        => Assert.Equal(root, Radices.CeilingRoot(number, degree));

    private static long Product(long[] radices) => radices.Aggregate(1L, (product, r) => product * r);

    private static long SmallestSum(long count, int parts)
        => parts == 1 ? count : Enumerable.Range(1, (int)count).Min(first => first + SmallestSum((count + first - 1) / first, parts - 1));
}
