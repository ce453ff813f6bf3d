namespace RecSys.Cli.Bench;

/// <summary>The value in the middle: what one disturbed round cannot move far.</summary>
internal static class Median
{
    /// <summary>The median; of an even number of values the mean of the two in the middle.</summary>
    /// <param name="values">One value or more.</param>
    public static double Of(IEnumerable<double> values)
    {
        double[] sorted = [.. values.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }
}
