namespace RecSys.Cli.Reports;

/// <summary>Something measured against bytes, which are on a logarithmic scale.</summary>
/// <param name="labels">The words.</param>
/// <param name="series">The points, by method.</param>
/// <param name="y">Scale of the vertical axis.</param>
/// <param name="higherIsBetter">Which side the front of the best is on; null for a plot without a front.</param>
internal sealed class Plot(PlotLabels labels, IReadOnlyList<PlotSeries> series, PlotScale y, bool? higherIsBetter = null)
{
    /// <summary>The words.</summary>
    public PlotLabels Labels { get; } = labels;

    /// <summary>The points, by method.</summary>
    public IReadOnlyList<PlotSeries> Series { get; } = series;

    /// <summary>Scale of the vertical axis.</summary>
    public PlotScale Y { get; } = y;

    /// <summary>The points that nothing beats, from the smallest to the largest; empty for a plot without a front.</summary>
    public IReadOnlyList<PlotPoint> Front { get; } = higherIsBetter is bool higher ? ParetoFront.Of(series.SelectMany(one => one.Points), higher) : [];
}
