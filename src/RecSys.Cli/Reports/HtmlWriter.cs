using System.Globalization;
using System.Security;
using System.Text;
using System.Text.RegularExpressions;

namespace RecSys.Cli.Reports;

/// <summary>Writes a report as one page that needs no other file and no network: style, script and plots are inside.</summary>
internal sealed partial class HtmlWriter
{
    private readonly StringBuilder _html = new();
    private readonly Dictionary<string, int> _anchors = [];
    private readonly ReportDocument _document;

    private HtmlWriter(ReportDocument document) => _document = document;

    /// <summary>The page; it is well-formed XML too.</summary>
    /// <param name="document">The report.</param>
    public static string Render(ReportDocument document)
    {
        var writer = new HtmlWriter(document);
        writer.AddPage();
        return writer._html.ToString();
    }

    private void AddPage()
    {
        Add($"<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\"/>\n<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>");
        Add($"<meta name=\"color-scheme\" content=\"light dark\"/>\n<title>{Escape(_document.Title)}</title>");
        Add($"<style>\n{Resource("report.css")}{SvgStyle.Sheet}</style>\n</head>\n<body>");
        Add($"<svg class=\"markers\" aria-hidden=\"true\">{SvgStyle.Markers}</svg>\n<main>\n<h1>{Escape(_document.Title)}</h1>");
        // The headings have their anchors in the same order.
        int contents = _html.Length;
        List<(string Anchor, string Text)> entries = [];
        AddBlocks(_document.Blocks, entries);
        _html.Insert(contents, Contents(entries));
        Add($"</main>\n<div id=\"tip\" role=\"status\" hidden=\"hidden\"></div>\n<script>\n{Resource("report.js")}</script>\n</body>\n</html>");
    }

    private static string Contents(List<(string Anchor, string Text)> entries)
        => $"<nav aria-label=\"Contents\"><ul>\n{string.Concat(entries.Select(entry => $"<li><a href=\"#{entry.Anchor}\">{Escape(entry.Text)}</a></li>\n"))}</ul></nav>\n";

    private void AddBlocks(IReadOnlyList<ReportBlock> blocks, List<(string Anchor, string Text)> entries)
    {
        foreach (ReportBlock block in blocks)
        {
            switch (block)
            {
                case ReportBlock.Heading heading:
                    string anchor = Anchor(heading.Text);
                    if (heading.Level == 2)
                        entries.Add((anchor, heading.Text));
                    Add($"<h{heading.Level} id=\"{anchor}\">{Escape(heading.Text)}</h{heading.Level}>");
                    break;
                case ReportBlock.Paragraph paragraph:
                    Add($"<p>{Inline(paragraph.Text)}</p>");
                    break;
                case ReportBlock.List list:
                    Add($"<ul>{string.Concat(list.Items.Select(item => $"<li>{Inline(item)}</li>"))}</ul>");
                    break;
                case ReportBlock.Table table:
                    AddTable(table);
                    break;
                case ReportBlock.Drawing drawing:
                    AddDrawing(drawing.Content);
                    break;
                case ReportBlock.Details details:
                    string place = Anchor(details.Summary);
                    if (details.Level == 2)
                        entries.Add((place, details.Summary));
                    Add($"<details id=\"{place}\"><summary>{Escape(details.Summary)}</summary>");
                    AddBlocks(details.Blocks, entries);
                    Add($"</details>");
                    break;
                default:
                    throw new ArgumentOutOfRangeException(nameof(blocks), block, "This kind of block has no form in HTML.");
            }
        }
    }

    private void AddTable(ReportBlock.Table table)
    {
        MarkdownTable content = table.Content;
        // The box scrolls, so it must be reachable by keyboard.
        Add($"<div class=\"scroll\" role=\"region\" aria-label=\"{Escape(table.Name)}\" tabindex=\"0\"><table>");
        Add($"<thead><tr>{string.Concat(content.Headers.Select((header, column) => $"<th scope=\"col\"{Side(column)}>{Inline(header)}</th>"))}</tr></thead>\n<tbody>");
        foreach (var row in content.Rows)
            Add($"<tr><th scope=\"row\">{Inline(row[0])}</th>{string.Concat(row.Skip(1).Select((cell, column) => $"<td{Side(column + 1)}>{Inline(cell)}</td>"))}</tr>");
        Add($"</tbody></table></div>");

        string Side(int column) => content.IsRightAligned(column) ? " class=\"n\"" : "";
    }

    private void AddDrawing(Plot plot)
    {
        string notes = string.Join('\n', SvgPlot.Points(plot).Select(point => point.Note));
        Add($"<figure data-notes=\"{Escape(notes)}\"><figcaption>{Escape(plot.Labels.Title)}</figcaption>");
        _html.Append(SvgPlot.RenderPart(plot, PlotLayout.Wide, "wide")).Append(SvgPlot.RenderPart(plot, PlotLayout.Narrow, "narrow"));
        Add($"<div class=\"legend\" role=\"group\" aria-label=\"Methods\">");
        foreach (PlotSeries series in plot.Series.OrderByDescending(series => series.Points.Any(plot.Front.Contains)))
        {
            string front = series.Points.Any(plot.Front.Contains) ? " class=\"f\"" : "";
            string marker = $"<svg class=\"{PlotMarker.ColorClass(series.Look)}\" viewBox=\"-7 -7 14 14\" aria-hidden=\"true\"><use href=\"#{PlotMarker.ShapeId(series.Look)}\"/></svg>";
            Add($"<button type=\"button\" aria-pressed=\"false\" data-s=\"{series.Look}\"{front}>{marker}{Escape(series.Name)}</button>");
        }

        Add($"</div></figure>");
    }

    private string Anchor(string text)
    {
        string anchor = NotInAnchor().Replace(text.ToLowerInvariant(), "-").Trim('-');
        _anchors[anchor] = _anchors.GetValueOrDefault(anchor) + 1;
        return _anchors[anchor] == 1 ? anchor : string.Create(CultureInfo.InvariantCulture, $"{anchor}--{_anchors[anchor]}");
    }

    private static string Inline(string text) => Code().Replace(Bold().Replace(Escape(text), "<strong>$1</strong>"), "<code>$1</code>");

    private static string Resource(string name)
    {
        using var reader = new StreamReader(typeof(HtmlWriter).Assembly.GetManifestResourceStream(name)!);
        return reader.ReadToEnd();
    }

    private void Add(FormattableString line) => _html.Append(line.ToString(CultureInfo.InvariantCulture)).Append('\n');

    private static string Escape(string text) => SecurityElement.Escape(text);

    [GeneratedRegex("[^a-z0-9]+")]
    private static partial Regex NotInAnchor();

    [GeneratedRegex(@"\*\*(.+?)\*\*")]
    private static partial Regex Bold();

    [GeneratedRegex("`(.+?)`")]
    private static partial Regex Code();
}
