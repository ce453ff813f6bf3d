namespace RecSys.Cli.Reports;

/// <summary>The points that nothing beats: whatever is as small is not better.</summary>
internal static class ParetoFront
{
    /// <summary>The front, from the smallest to the largest bytes.</summary>
    /// <param name="points">Points in any order.</param>
    /// <param name="higherIsBetter">Whether more of the metric is better.</param>
    public static IReadOnlyList<PlotPoint> Of(IEnumerable<PlotPoint> points, bool higherIsBetter)
    {
        double sign = higherIsBetter ? 1 : -1;
        List<PlotPoint> front = [];
        foreach (PlotPoint point in points.OrderBy(p => p.X).ThenByDescending(p => sign * p.Y))
        {
            if (front.Count == 0 || sign * point.Y > sign * front[^1].Y)
                front.Add(point);
        }

        return front;
    }
}
