using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>How the values of an axis are spread and written.</summary>
internal sealed class PlotScale
{
    private PlotScale(bool isLogarithmic, double leastMargin = 1, Func<double, string>? format = null, Func<double, string>? fineFormat = null)
        => (IsLogarithmic, LeastMargin, Format, FineFormat) = (isLogarithmic, leastMargin, format, fineFormat);

    /// <summary>Even steps, written with the digits that the steps need.</summary>
    public static PlotScale Linear { get; } = new(false);

    /// <summary>Decades of bytes.</summary>
    public static PlotScale LogBytes { get; } = new(true, 1.2, NumberFormat.Bytes, NumberFormat.Bytes);

    /// <summary>Decades of what something costs, in other units; values that hardly differ stay close.</summary>
    public static PlotScale LogCost { get; } = new(true, 1.2, Number, Number);

    /// <summary>Decades of a metric; values that hardly differ fill the axis.</summary>
    public static PlotScale LogMetric { get; } = new(true, 1.001, Number);

    /// <summary>Decades of what a value lacks of 1 where the values are far apart there, so that those near 1 can be told apart; else even steps.</summary>
    public static PlotScale LogError { get; } = new(false);

    /// <summary>Whether equal steps are equal ratios of the values.</summary>
    public bool IsLogarithmic { get; }

    /// <summary>Factor by which a logarithmic axis reaches beyond its values at least.</summary>
    public double LeastMargin { get; }

    /// <summary>Writes a round value of a logarithmic scale.</summary>
    public Func<double, string>? Format { get; }

    /// <summary>Writes a value of even steps; null for the digits that the steps need.</summary>
    public Func<double, string>? FineFormat { get; }

    private static string Number(double value) => value < 1000 ? value.ToString("0.####", CultureInfo.InvariantCulture) : NumberFormat.Compact(value);
}
