namespace RecSys.Cli.Reports;

/// <summary>The words of a plot.</summary>
/// <param name="Title">One line above the plot.</param>
/// <param name="Description">What the plot shows, for readers who cannot see it.</param>
/// <param name="X">Title of the horizontal axis.</param>
/// <param name="Y">Title of the vertical axis.</param>
internal sealed record PlotLabels(string Title, string Description, string X, string Y);
