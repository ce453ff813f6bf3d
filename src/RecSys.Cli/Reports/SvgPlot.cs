using System.Globalization;
using System.Security;
using System.Text;

namespace RecSys.Cli.Reports;

/// <summary>
/// Draws a plot as SVG: as a file of its own, which follows the reader's light or dark setting and needs no other file, or as a part of a page,
/// which has the style and the markers once for all plots and a legend of its own. Points are in the order of <see cref="Points"/>.
/// </summary>
internal sealed class SvgPlot
{
    private const double LegendGap = 24;
    private const double LegendLine = 22;
    private const double HeadingCharacterWidth = 9.2;

    // Fewer series need not stand back for the front.
    private const int FewSeries = 8;

    private readonly StringBuilder _svg = new();
    private readonly Plot _plot;
    private readonly PlotLayout _layout;
    private readonly PlotAxis _x;
    private readonly PlotAxis _y;

    private SvgPlot(Plot plot, PlotLayout layout)
    {
        _plot = plot;
        _layout = layout;
        PlotPoint[] points = [.. Points(plot)];
        _x = PlotAxis.Create(PlotScale.LogBytes, points.Min(p => p.X), points.Max(p => p.X), layout.Left, layout.Left + layout.Width);
        _y = PlotAxis.Create(plot.Y, points.Min(p => p.Y - p.Error), points.Max(p => p.Y + p.Error), layout.Top + layout.Height, layout.Top);
    }

    /// <summary>A document of its own, with heading and legend.</summary>
    /// <exception cref="ArgumentException">There is no point, or a point cannot be drawn.</exception>
    public static string RenderFile(Plot plot)
    {
        Validate(plot);
        return new SvgPlot(plot, PlotLayout.File with { Height = Math.Max(PlotLayout.File.Height, plot.Series.Count * LegendLine) }).DrawFile();
    }

    /// <summary>An element of a page.</summary>
    /// <param name="plot">What to draw.</param>
    /// <param name="layout">Its size.</param>
    /// <param name="name">Class of the element.</param>
    /// <exception cref="ArgumentException">There is no point, or a point cannot be drawn.</exception>
    public static string RenderPart(Plot plot, PlotLayout layout, string name)
    {
        Validate(plot);
        return new SvgPlot(plot, layout).DrawPart(name);
    }

    /// <summary>The series in the order of drawing: those on the front come last, on top of the others.</summary>
    public static IEnumerable<PlotSeries> Ordered(Plot plot) => plot.Series.OrderBy(series => series.Points.Any(plot.Front.Contains));

    /// <summary>The points in the order of drawing.</summary>
    public static IEnumerable<PlotPoint> Points(Plot plot) => Ordered(plot).SelectMany(series => series.Points.OrderBy(point => point.X));

    private static void Validate(Plot plot)
    {
        if (!plot.Series.Any(one => one.Points.Count > 0))
            throw new ArgumentException("There is nothing to plot; valid: at least one point.", nameof(plot));
        foreach (PlotSeries one in plot.Series)
        {
            foreach (PlotPoint point in one.Points)
            {
                bool drawable = point.X > 0 && double.IsFinite(point.X) && double.IsFinite(point.Y) && point.Error >= 0 && double.IsFinite(point.Error);
                if (!drawable || (plot.Y.IsLogarithmic && point.Y - point.Error <= 0))
                    throw new ArgumentException($"Series '{one.Name}' has the point {point}; valid: finite numbers, X above 0, on a logarithmic scale Y too, Error at least 0.", nameof(plot));
            }
        }
    }

    private string DrawFile()
    {
        double legend = LegendGap + 24 + _plot.Series.Max(one => one.Name.Length) * PlotAxis.CharacterWidth;
        double width = Math.Max(_layout.Left + _layout.Width + legend, _layout.Left + _plot.Labels.Title.Length * HeadingCharacterWidth) + PlotLayout.Right;
        double height = _layout.Top + _layout.Height + _layout.Bottom;
        Add($"<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:0} {height:0}\" width=\"{width:0}\" height=\"{height:0}\" role=\"img\" aria-labelledby=\"title description\"{Few()}>");
        Add($"<title id=\"title\">{Escape(_plot.Labels.Title)}</title>");
        Add($"<desc id=\"description\">{Escape(_plot.Labels.Description)}</desc>");
        Add($"<style>\n{SvgStyle.Sheet}</style>");
        Add($"{SvgStyle.Markers}");
        Add($"<rect class=\"paper\" width=\"{width:0}\" height=\"{height:0}\"/>");
        Add($"<text class=\"heading\" x=\"{_layout.Left}\" y=\"26\">{Escape(_plot.Labels.Title)}</text>");
        AddContent(withNotes: true);
        AddLegend();
        Add($"</svg>");
        return _svg.ToString();

        string Few() => IsFew ? " class=\"few\"" : "";
    }

    private string DrawPart(string name)
    {
        double width = _layout.Left + _layout.Width + PlotLayout.Right;
        double height = _layout.Top + _layout.Height + _layout.Bottom;
        Add($"<svg class=\"{name}{(IsFew ? " few" : "")}\" viewBox=\"0 0 {width:0} {height:0}\" role=\"group\" aria-label=\"{Escape(_plot.Labels.Description)}\">");
        AddContent(withNotes: false);
        Add($"</svg>");
        return _svg.ToString();
    }

    private bool IsFew => _plot.Series.Count <= FewSeries;

    private void AddContent(bool withNotes)
    {
        AddAxes();
        AddFront();
        foreach (PlotSeries series in Ordered(_plot))
            AddSeries(series, withNotes);
    }

    private void AddAxes()
    {
        (double top, double left) = (_layout.Top, _layout.Left);
        (double bottom, double right) = (top + _layout.Height, left + _layout.Width);
        foreach (PlotTick tick in _x.Ticks)
        {
            double x = _x.Pixel(tick.Value);
            Add($"<path class=\"grid\" d=\"M{x:0.#},{top} V{bottom}\"/><text x=\"{x:0.#}\" y=\"{bottom + 18}\" text-anchor=\"middle\">{tick.Label}</text>");
        }

        foreach (PlotTick tick in _y.Ticks)
        {
            double y = _y.Pixel(tick.Value);
            Add($"<path class=\"grid\" d=\"M{left},{y:0.#} H{right}\"/><text x=\"{left - 8}\" y=\"{y + 4:0.#}\" text-anchor=\"end\">{tick.Label}</text>");
        }

        Add($"<path class=\"axis\" d=\"M{left},{top} V{bottom} H{right}\"/>");
        Add($"<text x=\"{left + _layout.Width / 2}\" y=\"{bottom + 40}\" text-anchor=\"middle\">{Escape(_plot.Labels.X)}</text>");
        Add($"<text transform=\"translate(15,{top + _layout.Height / 2:0.#}) rotate(-90)\" text-anchor=\"middle\">{Escape(_plot.Labels.Y)}</text>");
    }

    // What is best at a size stays so until something larger is better: steps, and level after the last.
    private void AddFront()
    {
        if (_plot.Front.Count == 0)
            return;
        var path = new StringBuilder().Append(CultureInfo.InvariantCulture, $"M{Position(_plot.Front[0])}");
        foreach (PlotPoint point in _plot.Front.Skip(1))
            path.Append(CultureInfo.InvariantCulture, $" H{_x.Pixel(point.X):0.#} V{_y.Pixel(point.Y):0.#}");
        Add($"<path class=\"front\" d=\"{path} H{_layout.Left + _layout.Width:0.#}\"/>");
    }

    private void AddSeries(PlotSeries series, bool withNotes)
    {
        PlotPoint[] points = [.. series.Points.OrderBy(point => point.X)];
        Add($"<g class=\"s {PlotMarker.ColorClass(series.Look)}\" data-s=\"{series.Look}\">");
        string path = points.Length > 1 ? $"M{string.Join(' ', points.Select(Position))}" : "";
        path += string.Concat(points.Where(point => point.Error > 0).Select(ErrorBar));
        if (path.Length > 0)
            Add($"<path d=\"{path}\"/>");
        foreach (PlotPoint point in points)
        {
            string front = _plot.Front.Contains(point) ? " class=\"f\"" : "";
            string start = string.Create(CultureInfo.InvariantCulture, $"<use href=\"#{PlotMarker.ShapeId(series.Look)}\" x=\"{_x.Pixel(point.X):0.#}\" y=\"{_y.Pixel(point.Y):0.#}\"{front}");
            Add(withNotes ? $"{start}><title>{Escape(point.Note)}</title></use>" : (FormattableString)$"{start}/>");
        }

        Add($"</g>");
    }

    private string ErrorBar(PlotPoint point)
    {
        (double x, double low, double high) = (_x.Pixel(point.X), _y.Pixel(point.Y - point.Error), _y.Pixel(point.Y + point.Error));
        return string.Create(CultureInfo.InvariantCulture, $"M{x:0.#},{low:0.#}V{high:0.#}M{x - 4:0.#},{low:0.#}h8M{x - 4:0.#},{high:0.#}h8");
    }

    private void AddLegend()
    {
        double x = _layout.Left + _layout.Width + LegendGap;
        for (int index = 0; index < _plot.Series.Count; index++)
        {
            PlotSeries series = _plot.Series[index];
            double y = _layout.Top + 8 + index * LegendLine;
            Add($"<use class=\"{PlotMarker.ColorClass(series.Look)}\" fill=\"currentColor\" href=\"#{PlotMarker.ShapeId(series.Look)}\" x=\"{x:0.#}\" y=\"{y:0.#}\"/>");
            Add($"<text x=\"{x + 14:0.#}\" y=\"{y + 4:0.#}\">{Escape(series.Name)}</text>");
        }
    }

    private string Position(PlotPoint point) => string.Create(CultureInfo.InvariantCulture, $"{_x.Pixel(point.X):0.#},{_y.Pixel(point.Y):0.#}");

    private void Add(FormattableString line) => _svg.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Escape(string text) => SecurityElement.Escape(text);
}
