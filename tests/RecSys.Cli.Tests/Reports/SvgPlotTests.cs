using System.Globalization;
using System.Xml.Linq;
using RecSys.Cli.Reports;

namespace RecSys.Cli.Tests.Reports;

public sealed class SvgPlotTests
{
    private static readonly XNamespace s_svg = "http://www.w3.org/2000/svg";

    private static readonly PlotLabels s_labels = new("AUC by size", "AUC against bytes for two methods", "embedding bytes, as served", "AUC");

    private static readonly PlotSeries[] s_series =
    [
        new("full", [new(1.6e6, 0.79, 0, "full")], Look: 0),
        new("qr <&>", [new(8e5, 0.785, 0, "qr 3"), new(1.6e5, 0.77, 0.002, "qr 2 <&>"), new(8e4, 0.76, 0.001, "qr 1")], Look: 1),
        new("hash", [new(1e6, 0.75, 0, "hash")], Look: 2),
    ];

    private static readonly Plot s_plot = new(s_labels, s_series, PlotScale.Linear, higherIsBetter: true);

    [Fact]
    public void Render_Plot_IsAccessibleXmlWithoutOtherFiles()
    {
        XElement svg = Parse(SvgPlot.RenderFile(s_plot));

        Assert.Equal("img", svg.Attribute("role")?.Value);
        Assert.Equal("AUC by size", svg.Element(s_svg + "title")?.Value);
        Assert.Equal("AUC against bytes for two methods", svg.Element(s_svg + "desc")?.Value);
        Assert.Contains("prefers-color-scheme: dark", svg.Element(s_svg + "style")?.Value, StringComparison.Ordinal);
        Assert.DoesNotContain(svg.DescendantsAndSelf(), element => element.Attributes().Any(attribute => attribute.Name.LocalName == "src" || (attribute.Name.LocalName == "href" && attribute.Value[0] != '#')));
    }

    [Fact]
    public void Render_Series_HaveMarkersLinesErrorBarsAndLegend()
    {
        XElement svg = Parse(SvgPlot.RenderFile(s_plot));
        XElement[] groups = [.. svg.Elements(s_svg + "g")];

        // What is on the front comes last, on top.
        Assert.Equal(["2", "0", "1"], groups.Select(group => group.Attribute("data-s")!.Value));
        Assert.Equal(["full"], Notes(groups[1]));
        Assert.Equal(["qr 1", "qr 2 <&>", "qr 3"], Notes(groups[2]));
        Assert.Empty(groups[1].Elements(s_svg + "path"));
        // A line of three points and two error bars of a stem and two ends.
        Assert.Matches("^M[0-9., ]+(M[^M]+M[^M]+M[^M]+){2}$", groups[2].Elements(s_svg + "path").Single().Attribute("d")!.Value);
        Assert.Contains("qr <&>", svg.Elements(s_svg + "text").Select(text => text.Value));
    }

    [Fact]
    public void Render_Front_IsDrawnAsStepsWithItsMarkersMarked()
    {
        XElement svg = Parse(SvgPlot.RenderFile(s_plot));

        Assert.Equal(["qr 1", "qr 2 <&>", "qr 3", "full"], s_plot.Front.Select(point => point.Note));
        string path = svg.Elements(s_svg + "path").Single(path => path.Attribute("class")?.Value == "front").Attribute("d")!.Value;
        Assert.Matches("^M[0-9.]+,[0-9.]+( H[0-9.]+ V[0-9.]+){3} H[0-9.]+$", path);
        Assert.Equal(4, svg.Descendants(s_svg + "use").Count(use => use.Attribute("class")?.Value == "f"));
        Assert.Empty(new Plot(s_labels, s_series, PlotScale.Linear).Front);
    }

    [Fact]
    public void RenderPart_Plot_HasNoStyleIdsOrNotesOfItsOwn()
    {
        XElement svg = XDocument.Parse(SvgPlot.RenderPart(s_plot, PlotLayout.Narrow, "narrow")).Root!;

        Assert.Equal("narrow few", svg.Attribute("class")?.Value);
        Assert.StartsWith("0 0 360 ", svg.Attribute("viewBox")!.Value, StringComparison.Ordinal);
        Assert.Empty(svg.Descendants("style"));
        Assert.Empty(svg.Descendants("title"));
        Assert.DoesNotContain(svg.DescendantsAndSelf(), element => element.Attribute("id") is not null);
        Assert.Equal(SvgPlot.Points(s_plot).Count(), svg.Descendants("use").Count());
    }

    [Fact]
    public void Render_Line_RunsFromLeftToRightInsideThePlot()
    {
        XElement svg = Parse(SvgPlot.RenderFile(s_plot));

        string points = svg.Elements(s_svg + "g").Last().Elements(s_svg + "path").Single().Attribute("d")!.Value.Split('M')[1];
        double[] x = [.. points.Split(' ').Select(point => double.Parse(point.Split(',')[0], CultureInfo.InvariantCulture))];
        Assert.Equal(x.Order(), x);
        Assert.All(x, value => Assert.InRange(value, 76, 596));
    }

    [Fact]
    public void Render_ManySeries_MakeRoomForTheLegend()
    {
        PlotSeries[] series = [.. Enumerable.Range(0, 30).Select(index => new PlotSeries($"method {index}", [new(1000 * (index + 1), 0.5, 0, "note")], index))];

        XElement svg = Parse(SvgPlot.RenderFile(new Plot(s_labels, series, PlotScale.Linear)));

        double height = double.Parse(svg.Attribute("height")!.Value, CultureInfo.InvariantCulture);
        double[] legend = [.. svg.Elements(s_svg + "text").Where(text => text.Value.StartsWith("method", StringComparison.Ordinal)).Select(text => double.Parse(text.Attribute("y")!.Value, CultureInfo.InvariantCulture))];
        Assert.Equal(30, legend.Length);
        Assert.All(legend, y => Assert.InRange(y, 0, height));
        Assert.All(legend.Zip(legend.Skip(1)), pair => Assert.True(pair.Second - pair.First >= 14));
    }

    [Theory]
    [InlineData(0, 0.5, 0)]
    [InlineData(double.NaN, 0.5, 0)]
    [InlineData(10, double.NaN, 0)]
    [InlineData(10, 0.5, -1)]
    public void Render_PointThatCannotBeDrawn_Throws(double x, double y, double error)
        => Assert.Contains("'qr'", Assert.Throws<ArgumentException>(() => SvgPlot.RenderFile(new Plot(s_labels, [new("qr", [new(x, y, error, "note")], 0)], PlotScale.Linear))).Message, StringComparison.Ordinal);

    [Fact]
    public void Render_LogarithmicScaleAndErrorBarBelow0_Throws()
        => Assert.Throws<ArgumentException>(() => SvgPlot.RenderFile(new Plot(s_labels, [new("qr", [new(10, 0.5, 0.6, "note")], 0)], PlotScale.LogCost)));

    [Fact]
    public void Render_NoPoint_Throws() => Assert.Throws<ArgumentException>(() => SvgPlot.RenderFile(new Plot(s_labels, [new("qr", [], 0)], PlotScale.Linear)));

    private static XElement Parse(string svg) => XDocument.Parse(svg).Root!;

    private static IEnumerable<string> Notes(XElement group) => group.Descendants(s_svg + "title").Select(title => title.Value);
}
