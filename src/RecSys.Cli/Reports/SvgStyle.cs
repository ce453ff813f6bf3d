using System.Text;

namespace RecSys.Cli.Reports;

/// <summary>The looks of plots, for a file of their own and for a page: light and dark by the reader's setting.</summary>
internal static class SvgStyle
{
    /// <summary>Style sheet of the parts of a plot.</summary>
    public static string Sheet { get; } = Render();

    /// <summary>Outlines of all markers, for <c>use</c> elements.</summary>
    public static string Markers { get; } =
        $"<defs>{string.Concat(PlotMarker.Shapes.Select((shape, index) => $"<path id=\"{PlotMarker.ShapeId(index)}\" d=\"{shape}\"/>"))}</defs>";

    private static string Render()
    {
        var style = new StringBuilder("""
            svg text { font: 12px system-ui, 'DejaVu Sans', sans-serif; fill: #333 } svg .heading { font-size: 15px; font-weight: 600; fill: #111 }
            .paper { fill: #fff } .grid { stroke: #e6e6e6; fill: none } .axis { stroke: #666; fill: none }
            .front { stroke: #777; stroke-width: 5; stroke-opacity: .35; stroke-linejoin: round; fill: none }
            .s path { fill: none; stroke: currentColor; stroke-width: 1.5; opacity: .22 } .s use { fill: currentColor; opacity: .5 }
            .s .f { opacity: 1; stroke: #fff; stroke-width: .8 } .few .s path { opacity: .8 } .few .s use { opacity: 1 }

            """);
        AppendColors(style, color => color.Light);
        style.Append("""
            @media (prefers-color-scheme: dark) {
            svg text { fill: #ccc } svg .heading { fill: #fff } .paper { fill: #16181c } .grid { stroke: #2b2e34 } .axis { stroke: #999 } .front { stroke: #aaa } .s .f { stroke: #16181c }

            """);
        AppendColors(style, color => color.Dark);
        return style.Append("}\n").ToString();
    }

    private static void AppendColors(StringBuilder style, Func<(string Light, string Dark), string> choose)
        => style.AppendJoin(' ', PlotMarker.Colors.Select((color, index) => $".{PlotMarker.ColorClass(index)} {{ color: {choose(color)} }}")).Append('\n');
}
