using MathNet.Numerics.Distributions;

namespace RecSys.Cli.Reports;

/// <summary>Whether two samples differ by more than their scatter explains: Welch's t test, which does not take the variances as equal.</summary>
/// <remarks>B. L. Welch, The generalization of Student's problem when several different population variances are involved, Biometrika 34, 1947.</remarks>
internal static class Significance
{
    /// <summary>Samples differ where the p value is below this.</summary>
    public const double Threshold = 0.05;

    /// <summary>The two-sided p value of the means being equal.</summary>
    /// <param name="first">Values of the first sample.</param>
    /// <param name="second">Values of the second sample.</param>
    /// <returns>Not a number where a sample has fewer than two values: it has no variance. Where neither scatters, 1 for equal means and else 0.</returns>
    public static double WelchPValue(IReadOnlyList<double> first, IReadOnlyList<double> second)
    {
        if (first.Count < 2 || second.Count < 2)
            return double.NaN;
        var (firstMean, firstError) = MeanAndSquaredError(first);
        var (secondMean, secondError) = MeanAndSquaredError(second);
        double error = firstError + secondError;
        if (error == 0)
            return firstMean == secondMean ? 1 : 0;
        double t = (firstMean - secondMean) / Math.Sqrt(error);
        // Welch and Satterthwaite's degrees of freedom.
        double freedom = error * error / (firstError * firstError / (first.Count - 1) + secondError * secondError / (second.Count - 1));
        return 2 * StudentT.CDF(0, 1, freedom, -Math.Abs(t));
    }

    /// <summary>Whether the test finds a difference; false where there is no test.</summary>
    /// <param name="first">Values of the first sample.</param>
    /// <param name="second">Values of the second sample.</param>
    public static bool Differ(IReadOnlyList<double> first, IReadOnlyList<double> second) => WelchPValue(first, second) < Threshold;

    /// <summary>Whether the test finds no difference; false where there is no test.</summary>
    /// <param name="first">Values of the first sample.</param>
    /// <param name="second">Values of the second sample.</param>
    public static bool AreLevel(IReadOnlyList<double> first, IReadOnlyList<double> second) => WelchPValue(first, second) >= Threshold;

    private static (double Mean, double SquaredError) MeanAndSquaredError(IReadOnlyList<double> values)
    {
        var (mean, deviation) = RunTable.Statistics(values);
        return (mean, deviation * deviation / values.Count);
    }
}
