namespace RecSys.Cli.Reports;

/// <summary>A mark on an axis.</summary>
internal readonly record struct PlotTick(double Value, string Label);
