namespace RecSys.Training.Tests.Gradients;

/// <summary>Comparison of single-precision results with their double-precision definition.</summary>
internal static class Closeness
{
    /// <summary>
    /// Relative to the number, or to the root mean square of all of them where that is larger: a sum that cancels keeps the
    /// rounding errors of its terms.
    /// </summary>
    public static void AssertClose(string what, ReadOnlySpan<double> expected, ReadOnlySpan<float> actual, double tolerance)
    {
        Assert.Equal(expected.Length, actual.Length);
        double squares = 0;
        foreach (double value in expected)
            squares += value * value;
        double typical = Math.Sqrt(squares / Math.Max(1, expected.Length));
        for (int i = 0; i < expected.Length; i++)
        {
            double error = Math.Abs(expected[i] - actual[i]);
            Assert.True(error <= tolerance * Math.Max(Math.Abs(expected[i]), typical), $"{what}, number {i}: {actual[i]} instead of {expected[i]}");
        }
    }
}
