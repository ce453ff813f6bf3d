using RecSys.Embeddings.Methods;

namespace RecSys.Embeddings.Tests.Methods;

public sealed class DivisorTests
{
    private static readonly ulong[] s_numbers =
        [0, 1, 2, 3, 9, 10, 11, 4095, 4096, 99_999_999, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF, 0x100000000, 0x123456789ABC, long.MaxValue, ulong.MaxValue];

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(7)]
    [InlineData(10)]
    [InlineData(641)]
    [InlineData(4096)]
    [InlineData(99_999_989)]
    [InlineData(0x7FFFFFFF)]
    [InlineData(0xFFFFFFFE)]
    [InlineData(0xFFFFFFFF)]
    [InlineData(0x100000000)]
    [InlineData(long.MaxValue)]
    public void Quotient_AnyNumber_IsThatOfTheProcessor(long value)
    {
        var divisor = new Divisor(value);
        var random = new Random(1);
        foreach (ulong number in s_numbers.Concat(Enumerable.Range(0, 2000).Select(_ => (ulong)random.NextInt64(1L << 33))).Concat(Around((ulong)value)))
        {
            Assert.Equal(number / (ulong)value, divisor.Quotient(number));
            Assert.Equal(number % (ulong)value, divisor.Remainder(number));
        }
    }

    // Multiples are where a rounded quotient would be off by one.
    private static IEnumerable<ulong> Around(ulong value)
        => Enumerable.Range(1, 500).Select(k => (ulong)k * 8_589_935).SelectMany(k => (ulong[])[(k * value) - 1, k * value, (k * value) + 1]);
}
