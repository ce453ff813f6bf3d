using System.Globalization;
using System.Security;
using System.Text;

namespace RecSys.Cli.Reports;

/// <summary>
/// Draws a metric against bytes (logarithmic) as one self-contained SVG: it follows the reader's light or dark
/// setting, carries a title and a description, and needs no other file.
/// </summary>
internal sealed class SvgPlot
{
    private const double Top = 46;
    private const double Left = 74;
    private const double PlotWidth = 520;
    private const double MinimumPlotHeight = 320;
    private const double Bottom = 58;
    private const double LegendGap = 24;
    private const double LegendLine = 22;
    private const double HeadingCharacterWidth = 9.2;

    private readonly StringBuilder _svg = new();
    private readonly PlotLabels _labels;
    private readonly IReadOnlyList<PlotSeries> _series;
    private readonly PlotAxis _x;
    private readonly PlotAxis _y;
    private readonly double _plotHeight;

    private SvgPlot(PlotLabels labels, IReadOnlyList<PlotSeries> series)
    {
        _labels = labels;
        _series = series;
        _plotHeight = Math.Max(MinimumPlotHeight, series.Count * LegendLine);
        PlotPoint[] points = [.. series.SelectMany(one => one.Points)];
        _x = PlotAxis.LogBytes(points.Min(point => point.X), points.Max(point => point.X), Left, Left + PlotWidth);
        _y = PlotAxis.Linear(points.Min(point => point.Y - point.Error), points.Max(point => point.Y + point.Error), Top + _plotHeight, Top);
    }

    /// <summary>The SVG document.</summary>
    /// <exception cref="ArgumentException">There is no point, or a point is not finite or has no positive X.</exception>
    public static string Render(PlotLabels labels, IReadOnlyList<PlotSeries> series)
    {
        if (!series.Any(one => one.Points.Count > 0))
            throw new ArgumentException("There is nothing to plot; valid: at least one point.", nameof(series));
        foreach (PlotSeries one in series)
        {
            foreach (PlotPoint point in one.Points)
            {
                if (!(point.X > 0 && double.IsFinite(point.X) && double.IsFinite(point.Y) && point.Error >= 0 && double.IsFinite(point.Error)))
                    throw new ArgumentException($"Series '{one.Name}' has the point {point}; valid: finite numbers, X above 0, Error at least 0.", nameof(series));
            }
        }

        return new SvgPlot(labels, series).Draw();
    }

    private string Draw()
    {
        double legendWidth = 24 + _series.Max(one => one.Name.Length) * PlotAxis.CharacterWidth;
        double width = Math.Max(Left + PlotWidth + LegendGap + legendWidth, Left + _labels.Title.Length * HeadingCharacterWidth) + 12;
        double height = Top + _plotHeight + Bottom;
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0} {height:0}\" width=\"{width:0}\" height=\"{height:0}\" role=\"img\" aria-labelledby=\"title description\">");
        Add($"<title id=\"title\">{Escape(_labels.Title)}</title>");
        Add($"<desc id=\"description\">{Escape(_labels.Description)}</desc>");
        AddStyle();
        Add($"<rect class=\"paper\" width=\"{width:0}\" height=\"{height:0}\"/>");
        Add($"<text class=\"heading\" x=\"{Left}\" y=\"26\">{Escape(_labels.Title)}</text>");
        AddAxes();
        for (int index = 0; index < _series.Count; index++)
            AddSeries(index);
        AddLegend();
        Add($"</svg>");
        return _svg.ToString();
    }

    private void AddStyle()
    {
        Add($"<style>");
        Add($"text {{ font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #333 }} .heading {{ font-size: 15px; font-weight: 600; fill: #111 }}");
        Add($".paper {{ fill: #fff }} .grid {{ stroke: #e2e2e2 }} .axis {{ stroke: #666; fill: none }} .line {{ fill: none; stroke-width: 1.8 }}");
        AddColors(color => color.Light);
        Add($"@media (prefers-color-scheme: dark) {{");
        Add($"text {{ fill: #ccc }} .heading {{ fill: #fff }} .paper {{ fill: #16181c }} .grid {{ stroke: #33363c }} .axis {{ stroke: #999 }}");
        AddColors(color => color.Dark);
        Add($"}}");
        Add($"</style>");

        void AddColors(Func<(string Light, string Dark), string> choose)
        {
            for (int index = 0; index < Math.Min(_series.Count, PlotMarker.Colors.Length); index++)
            {
                string color = choose(PlotMarker.Colors[index]);
                Add($".{PlotMarker.ColorClass(index)} {{ stroke: {color}; fill: {color} }} .line.{PlotMarker.ColorClass(index)} {{ fill: none }}");
            }
        }
    }

    private void AddAxes()
    {
        double bottom = Top + _plotHeight;
        foreach (PlotTick tick in _x.Ticks)
        {
            double x = _x.Pixel(tick.Value);
            Add($"<path class=\"grid\" d=\"M{x:0.#},{Top} V{bottom}\"/><text x=\"{x:0.#}\" y=\"{bottom + 18}\" text-anchor=\"middle\">{tick.Label}</text>");
        }

        foreach (PlotTick tick in _y.Ticks)
        {
            double y = _y.Pixel(tick.Value);
            Add($"<path class=\"grid\" d=\"M{Left},{y:0.#} H{Left + PlotWidth}\"/><text x=\"{Left - 8}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{tick.Label}</text>");
        }

        Add($"<path class=\"axis\" d=\"M{Left},{Top} V{bottom} H{Left + PlotWidth}\"/>");
        Add($"<text x=\"{Left + PlotWidth / 2}\" y=\"{bottom + 42}\" text-anchor=\"middle\">{Escape(_labels.X)}</text>");
        Add($"<text transform=\"translate(18,{Top + _plotHeight / 2:0.#}) rotate(-90)\" text-anchor=\"middle\">{Escape(_labels.Y)}</text>");
    }

    private void AddSeries(int index)
    {
        PlotSeries series = _series[index];
        PlotPoint[] points = [.. series.Points.OrderBy(point => point.X)];
        string color = PlotMarker.ColorClass(index);
        Add($"<g>");
        if (series.Connected && points.Length > 1)
            Add($"<polyline class=\"line {color}\" points=\"{string.Join(' ', points.Select(Position))}\"/>");
        foreach (PlotPoint point in points)
        {
            if (point.Error > 0)
            {
                (double low, double high) = (_y.Pixel(point.Y - point.Error), _y.Pixel(point.Y + point.Error));
                double x = _x.Pixel(point.X);
                Add($"<path class=\"line {color}\" d=\"M{x:0.#},{low:0.#} V{high:0.#} M{x - 4:0.#},{low:0.#} h8 M{x - 4:0.#},{high:0.#} h8\"/>");
            }

            string error = point.Error > 0 ? string.Create(CultureInfo.InvariantCulture, $" ± {point.Error:0.####}") : "";
            Add($"<path class=\"{color}\" transform=\"translate({Position(point)})\" d=\"{PlotMarker.Shape(index)}\"><title>{Escape(series.Name)}: {NumberFormat.Bytes(point.X)}, {point.Y:0.####}{error}</title></path>");
        }

        Add($"</g>");
    }

    private void AddLegend()
    {
        double x = Left + PlotWidth + LegendGap;
        for (int index = 0; index < _series.Count; index++)
        {
            double y = Top + 8 + index * LegendLine;
            Add($"<path class=\"{PlotMarker.ColorClass(index)}\" transform=\"translate({x:0.#},{y:0.#})\" d=\"{PlotMarker.Shape(index)}\"/><text x=\"{x + 14:0.#}\" y=\"{y + 4:0.#}\">{Escape(_series[index].Name)}</text>");
        }
    }

    private string Position(PlotPoint point) => string.Create(CultureInfo.InvariantCulture, $"{_x.Pixel(point.X):0.#},{_y.Pixel(point.Y):0.#}");

    private void Add(FormattableString line) => _svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Escape(string text) => SecurityElement.Escape(text);
}
