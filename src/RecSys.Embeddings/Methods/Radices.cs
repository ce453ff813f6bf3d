using System.Numerics;

namespace RecSys.Embeddings.Methods;

/// <summary>
/// Sizes of complementary partitions: an id becomes one digit per partition, and no two ids have all digits in common as long as the
/// product of the sizes is at least the number of ids.
/// </summary>
internal static class Radices
{
    /// <summary>The radices with the smallest sum, largest first: of all numbers with one sum, those that differ by at most one have the largest product.</summary>
    /// <param name="count">Ids to tell apart, ≥ 1.</param>
    /// <param name="parts">Number of radices, ≥ 1.</param>
    public static long[] Balanced(long count, int parts)
    {
        long root = CeilingRoot(count, parts);
        int smaller = 0;
        while (root > 1 && smaller + 1 < parts && Reaches(count, root, parts - smaller - 1, root - 1, smaller + 1))
            smaller++;
        return [.. Enumerable.Repeat(root, parts - smaller), .. Enumerable.Repeat(root - 1, smaller)];
    }

    /// <summary>Radices of a positional number: the first is given, the others are balanced. Digit j counts in units of the product of the radices before it.</summary>
    /// <param name="count">Ids to tell apart, ≥ 1.</param>
    /// <param name="parts">Number of radices, ≥ 2.</param>
    /// <param name="first">The first radix, ≥ 1.</param>
    public static long[] Mixed(long count, int parts, long first) => [first, .. Balanced(CeilingQuotient(count, first), parts - 1)];

    /// <summary>
    /// Radices of which no two have a common factor: the first is given, the others are as balanced as that allows. By the Chinese
    /// remainder theorem the remainders of an id by each of them tell it from all others.
    /// </summary>
    /// <inheritdoc cref="Mixed"/>
    public static long[] Coprime(long count, int parts, long first)
    {
        List<long> radices = [first];
        for (long left = CeilingQuotient(count, first); radices.Count < parts; left = CeilingQuotient(left, radices[^1]))
        {
            long radix = CeilingRoot(left, parts - radices.Count);
            while (radices.Exists(r => BigInteger.GreatestCommonDivisor(r, radix) != 1))
                radix++;
            radices.Add(radix);
        }

        return [.. radices];
    }

    /// <summary>The digits of an id by <see cref="Mixed"/>.</summary>
    /// <param name="radices">The radices.</param>
    public static DigitAddressing[] Digits(long[] radices)
    {
        var digits = new DigitAddressing[radices.Length];
        long unit = 1;
        for (int j = 0; j < digits.Length; j++)
        {
            digits[j] = new DigitAddressing(unit, radices[j]);
            unit *= radices[j];
        }

        return digits;
    }

    /// <summary>⌈number^(1/degree)⌉.</summary>
    public static long CeilingRoot(long number, int degree)
    {
        long root = Math.Max(1, (long)Math.Pow(number, 1.0 / degree) - 1);
        while (!Reaches(number, root, degree, 1, 0))
            root++;
        return root;
    }

    /// <summary>⌈number / divisor⌉.</summary>
    public static long CeilingQuotient(long number, long divisor) => (number + divisor - 1) / divisor;

    // a^m · b^k ≥ number; stopping at the number keeps the product within 128 bits.
    private static bool Reaches(long number, long a, int m, long b, int k)
    {
        Int128 product = 1;
        for (int j = 0; j < m + k && product < number; j++)
            product *= j < m ? a : b;
        return product >= number;
    }
}
