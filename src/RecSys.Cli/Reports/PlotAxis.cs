using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>Maps values to pixels and chooses ticks whose labels do not touch.</summary>
internal sealed class PlotAxis
{
    /// <summary>Advance of an average character of the labels, in pixels at the font size of the plot.</summary>
    public const double CharacterWidth = 6.6;

    /// <summary>Distance of labels above each other, in pixels.</summary>
    public const double LineHeight = 18;

    private const double LabelGap = 14;
    private const double LinearTickPixels = 40;

    // Below it, even steps read more easily and show nearly the same.
    private const double LogErrorRatio = 4;

    // Densest first; the last ones serve ranges of many decades.
    private static readonly (double[] Steps, int Decades)[] s_logGrids = [([1, 2, 5], 1), ([1, 3], 1), ([1], 1), ([1], 2), ([1], 3), ([1], 6)];

    private readonly Func<double, double> _scale;
    private readonly double _minimum;
    private readonly double _maximum;
    private readonly double _pixelStart;
    private readonly double _pixelEnd;

    private PlotAxis(Func<double, double> scale, double minimum, double maximum, double pixelStart, double pixelEnd)
        => (_scale, _minimum, _maximum, _pixelStart, _pixelEnd) = (scale, minimum, maximum, pixelStart, pixelEnd);

    /// <summary>Marks from small to large, inside the axis.</summary>
    public IReadOnlyList<PlotTick> Ticks { get; private init; } = [];

    /// <summary>An axis from left to right, or from bottom to top where the pixels fall.</summary>
    /// <param name="scale">How values are spread and written.</param>
    /// <param name="smallest">The smallest value; above 0 on a logarithmic scale.</param>
    /// <param name="largest">The largest value.</param>
    /// <param name="pixelStart">Where the axis starts.</param>
    /// <param name="pixelEnd">Where it ends.</param>
    public static PlotAxis Create(PlotScale scale, double smallest, double largest, double pixelStart, double pixelEnd)
        => scale.IsLogarithmic ? Log(scale, smallest, largest, pixelStart, pixelEnd)
            : scale == PlotScale.LogError && largest < 1 && 1 - smallest >= LogErrorRatio * (1 - largest) ? LogError(smallest, largest, pixelStart, pixelEnd)
            : Linear(smallest, largest, pixelStart, pixelEnd);

    private static PlotAxis Log(PlotScale scale, double smallest, double largest, double pixelStart, double pixelEnd)
    {
        // A twentieth of the range on both sides keeps markers off the frame.
        double margin = Math.Max(Math.Pow(largest / smallest, 0.05), scale.LeastMargin);
        var axis = new PlotAxis(Math.Log10, Math.Log10(smallest / margin), Math.Log10(largest * margin), pixelStart, pixelEnd);
        return new PlotAxis(axis._scale, axis._minimum, axis._maximum, pixelStart, pixelEnd) { Ticks = axis.ChooseLogTicks(scale, smallest / margin, largest * margin) };
    }

    // The axis of the errors in the other direction, written as what they leave of 1.
    private static PlotAxis LogError(double smallest, double largest, double pixelStart, double pixelEnd)
    {
        PlotAxis errors = Log(PlotScale.LogMetric, 1 - largest, 1 - smallest, pixelEnd, pixelStart);
        return new PlotAxis(value => Math.Log10(1 - value), errors._minimum, errors._maximum, pixelEnd, pixelStart)
        {
            Ticks = [.. errors.Ticks.Where(tick => tick.Value <= 1).Reverse().Select(tick => new PlotTick(1 - tick.Value, PlotScale.LogMetric.Format!(1 - tick.Value)))],
        };
    }

    private static PlotAxis Linear(double smallest, double largest, double pixelStart, double pixelEnd)
    {
        double range = largest - smallest;
        // One value alone gets a visible range around it.
        double margin = range > 0 ? 0.08 * range : Math.Max(1e-4, Math.Abs(largest) * 0.01);
        (double minimum, double maximum) = (smallest - margin, largest + margin);
        int count = Math.Max(2, (int)(Math.Abs(pixelEnd - pixelStart) / LinearTickPixels));
        return new PlotAxis(value => value, minimum, maximum, pixelStart, pixelEnd) { Ticks = LinearTicks(minimum, maximum, count, null) };
    }

    /// <summary>Where a value is drawn.</summary>
    public double Pixel(double value) => _pixelStart + (_scale(value) - _minimum) / (_maximum - _minimum) * (_pixelEnd - _pixelStart);

    private IReadOnlyList<PlotTick> ChooseLogTicks(PlotScale scale, double minimum, double maximum)
    {
        foreach ((double[] steps, int decades) in s_logGrids)
        {
            List<PlotTick> ticks = [.. LogTicks(scale.Format!, minimum, maximum, steps, decades)];
            // Fewer than three marks of a logarithmic grid say too little about a short range.
            if (ticks.Count >= 3 && LabelsFit(ticks))
                return ticks;
        }

        return Enumerable.Range(2, 4).Reverse()
            .Select(count => LinearTicks(minimum, maximum, count, scale.FineFormat))
            .FirstOrDefault(ticks => ticks.Count >= 2 && LabelsFit(ticks))
            ?? [new PlotTick(Math.Sqrt(minimum * maximum), scale.Format!(Math.Sqrt(minimum * maximum)))];
    }

    private bool LabelsFit(IReadOnlyList<PlotTick> ticks)
        => ticks.Zip(ticks.Skip(1)).All(pair => pair.First.Label != pair.Second.Label
            && Math.Abs(Pixel(pair.Second.Value) - Pixel(pair.First.Value)) >= Room(pair.First.Label, pair.Second.Label));

    // Labels of a vertical axis are above each other.
    private double Room(string first, string second)
        => _pixelEnd < _pixelStart ? LineHeight : (first.Length + second.Length) / 2.0 * CharacterWidth + LabelGap;

    private static IEnumerable<PlotTick> LogTicks(Func<double, string> format, double minimum, double maximum, double[] steps, int decades)
    {
        for (int exponent = (int)Math.Floor(Math.Log10(minimum)); exponent <= Math.Log10(maximum); exponent++)
        {
            if (exponent % decades != 0)
                continue;
            foreach (double step in steps)
            {
                double value = step * Math.Pow(10, exponent);
                if (value >= minimum && value <= maximum)
                    yield return new PlotTick(value, format(value));
            }
        }
    }

    private static List<PlotTick> LinearTicks(double minimum, double maximum, int count, Func<double, string>? format)
    {
        double raw = (maximum - minimum) / count;
        double power = Math.Pow(10, Math.Floor(Math.Log10(raw)));
        double step = power * (raw / power) switch { <= 1 => 1, <= 2 => 2, <= 5 => 5, _ => 10 };
        string digits = "F" + Math.Max(0, -(int)Math.Floor(Math.Log10(step) + 1e-9)).ToString(CultureInfo.InvariantCulture);
        format ??= value => value.ToString(digits, CultureInfo.InvariantCulture);
        var ticks = new List<PlotTick>();
        for (double index = Math.Ceiling(minimum / step); index * step <= maximum; index++)
            ticks.Add(new PlotTick(index * step, format(index * step)));
        return ticks;
    }
}
