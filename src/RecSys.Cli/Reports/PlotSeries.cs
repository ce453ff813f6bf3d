namespace RecSys.Cli.Reports;

/// <summary>Points that belong together, in one colour with one marker.</summary>
/// <param name="Name">The entry in the legend.</param>
/// <param name="Points">In any order.</param>
/// <param name="Look">Number of the colour and the marker; the same for a method in all plots of a report.</param>
internal sealed record PlotSeries(string Name, IReadOnlyList<PlotPoint> Points, int Look);
