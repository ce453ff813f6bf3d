namespace RecSys.Cli.Reports;

/// <summary>Points that belong together, in one colour with one marker.</summary>
/// <param name="Name">The entry in the legend.</param>
/// <param name="Points">In any order.</param>
/// <param name="Connected">Join the points by a line, from left to right.</param>
internal sealed record PlotSeries(string Name, IReadOnlyList<PlotPoint> Points, bool Connected = true);
