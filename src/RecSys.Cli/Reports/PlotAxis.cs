using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>Maps values to pixels and chooses ticks whose labels do not touch.</summary>
internal sealed class PlotAxis
{
    /// <summary>Advance of an average character of the labels, in pixels at the font size of the plot.</summary>
    public const double CharacterWidth = 6.6;

    private const double LabelGap = 14;

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

    /// <summary>A horizontal axis of bytes on a logarithmic scale.</summary>
    public static PlotAxis LogBytes(double smallest, double largest, double pixelStart, double pixelEnd)
    {
        // A twentieth of the range on both sides, and at least 20 %, keeps markers off the frame.
        double margin = Math.Max(Math.Pow(largest / smallest, 0.05), 1.2);
        var axis = new PlotAxis(Math.Log10, Math.Log10(smallest / margin), Math.Log10(largest * margin), pixelStart, pixelEnd);
        return new PlotAxis(axis._scale, axis._minimum, axis._maximum, pixelStart, pixelEnd) { Ticks = axis.ChooseByteTicks(smallest / margin, largest * margin) };
    }

    /// <summary>A vertical axis on a linear scale.</summary>
    public static PlotAxis Linear(double smallest, double largest, double pixelStart, double pixelEnd)
    {
        double range = largest - smallest;
        // One value alone gets a visible range around it.
        double margin = range > 0 ? 0.08 * range : Math.Max(1e-4, Math.Abs(largest) * 0.01);
        (double minimum, double maximum) = (smallest - margin, largest + margin);
        return new PlotAxis(value => value, minimum, maximum, pixelStart, pixelEnd) { Ticks = LinearTicks(minimum, maximum, 8, null) };
    }

    /// <summary>Where a value is drawn.</summary>
    public double Pixel(double value) => _pixelStart + (_scale(value) - _minimum) / (_maximum - _minimum) * (_pixelEnd - _pixelStart);

    private IReadOnlyList<PlotTick> ChooseByteTicks(double minimum, double maximum)
    {
        foreach ((double[] steps, int decades) in s_logGrids)
        {
            List<PlotTick> ticks = [.. LogTicks(minimum, maximum, steps, decades)];
            // Fewer than three marks of a logarithmic grid say too little about a short range.
            if (ticks.Count >= 3 && LabelsFit(ticks))
                return ticks;
        }

        return Enumerable.Range(2, 4).Reverse()
            .Select(count => LinearTicks(minimum, maximum, count, NumberFormat.Bytes))
            .FirstOrDefault(ticks => ticks.Count >= 2 && LabelsFit(ticks))
            ?? [new PlotTick(Math.Sqrt(minimum * maximum), NumberFormat.Bytes(Math.Sqrt(minimum * maximum)))];
    }

    private bool LabelsFit(IReadOnlyList<PlotTick> ticks)
        => ticks.Zip(ticks.Skip(1)).All(pair => pair.First.Label != pair.Second.Label
            && Math.Abs(Pixel(pair.Second.Value) - Pixel(pair.First.Value)) >= (pair.First.Label.Length + pair.Second.Label.Length) / 2.0 * CharacterWidth + LabelGap);

    private static IEnumerable<PlotTick> LogTicks(double minimum, double maximum, double[] steps, int decades)
    {
        for (int exponent = (int)Math.Floor(Math.Log10(minimum)); exponent <= Math.Log10(maximum); exponent++)
        {
            if (exponent % decades != 0)
                continue;
            foreach (double step in steps)
            {
                double value = step * Math.Pow(10, exponent);
                if (value >= minimum && value <= maximum)
                    yield return new PlotTick(value, NumberFormat.Bytes(value));
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
