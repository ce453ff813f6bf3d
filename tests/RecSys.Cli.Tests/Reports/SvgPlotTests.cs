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
        new("full", [new(1.6e6, 0.79)], Connected: false),
        new("qr <&>", [new(8e5, 0.785), new(1.6e5, 0.77, 0.002), new(8e4, 0.76, 0.001)]),
    ];

    [Fact]
    public void Render_Plot_IsAccessibleXmlWithoutOtherFiles()
    {
        XElement svg = Parse(SvgPlot.Render(s_labels, s_series));

        Assert.Equal("img", svg.Attribute("role")?.Value);
        Assert.Equal("AUC by size", svg.Element(s_svg + "title")?.Value);
        Assert.Equal("AUC against bytes for two methods", svg.Element(s_svg + "desc")?.Value);
        Assert.Contains("prefers-color-scheme: dark", svg.Element(s_svg + "style")?.Value, StringComparison.Ordinal);
        Assert.DoesNotContain(svg.DescendantsAndSelf(), element => element.Attributes().Any(attribute => attribute.Name.LocalName is "href" or "src"));
    }

    [Fact]
    public void Render_Series_HaveMarkersLinesErrorBarsAndLegend()
    {
        XElement svg = Parse(SvgPlot.Render(s_labels, s_series));
        XElement[] groups = [.. svg.Elements(s_svg + "g")];

        Assert.Equal(2, groups.Length);
        Assert.Equal(["full: 1.6 MB, 0.79"], Tooltips(groups[0]));
        Assert.Equal(["qr <&>: 80 kB, 0.76 ± 0.001", "qr <&>: 160 kB, 0.77 ± 0.002", "qr <&>: 800 kB, 0.785"], Tooltips(groups[1]));
        Assert.Empty(groups[0].Elements(s_svg + "polyline"));
        Assert.Single(groups[1].Elements(s_svg + "polyline"));
        Assert.Equal(2, groups[1].Elements(s_svg + "path").Count(path => path.Attribute("class")!.Value.StartsWith("line", StringComparison.Ordinal)));
        Assert.Contains("qr <&>", svg.Elements(s_svg + "text").Select(text => text.Value));
    }

    [Fact]
    public void Render_Line_RunsFromLeftToRightInsideThePlot()
    {
        XElement svg = Parse(SvgPlot.Render(s_labels, s_series));

        string points = svg.Descendants(s_svg + "polyline").Single().Attribute("points")!.Value;
        double[] x = [.. points.Split(' ').Select(point => double.Parse(point.Split(',')[0], CultureInfo.InvariantCulture))];
        Assert.Equal(x.Order(), x);
        Assert.All(x, value => Assert.InRange(value, 74, 594));
    }

    [Fact]
    public void Render_ManySeries_MakeRoomForTheLegend()
    {
        PlotSeries[] series = [.. Enumerable.Range(0, 30).Select(index => new PlotSeries($"method {index}", [new(1000 * (index + 1), 0.5)]))];

        XElement svg = Parse(SvgPlot.Render(s_labels, series));

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
        => Assert.Contains("'qr'", Assert.Throws<ArgumentException>(() => SvgPlot.Render(s_labels, [new("qr", [new(x, y, error)])])).Message, StringComparison.Ordinal);

    [Fact]
    public void Render_NoPoint_Throws() => Assert.Throws<ArgumentException>(() => SvgPlot.Render(s_labels, [new("qr", [])]));

    private static XElement Parse(string svg) => XDocument.Parse(svg).Root!;

    private static IEnumerable<string> Tooltips(XElement group) => group.Descendants(s_svg + "title").Select(title => title.Value);
}
