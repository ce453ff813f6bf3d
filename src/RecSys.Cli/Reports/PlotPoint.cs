namespace RecSys.Cli.Reports;

/// <summary>One measured point.</summary>
/// <param name="X">Bytes, above 0.</param>
/// <param name="Y">The metric.</param>
/// <param name="Error">Half the length of the error bar; 0 for none.</param>
/// <param name="Note">What is said of the point where someone points at it, parts separated by <c> · </c>.</param>
internal readonly record struct PlotPoint(double X, double Y, double Error, string Note);
