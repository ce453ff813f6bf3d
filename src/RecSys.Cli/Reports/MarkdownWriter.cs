namespace RecSys.Cli.Reports;

/// <summary>Writes a report as Markdown, its plots as files of their own.</summary>
internal static class MarkdownWriter
{
    /// <summary>The document, with links to the files of <see cref="Drawings"/>.</summary>
    /// <param name="document">The report.</param>
    /// <param name="page">Name of the same report as a page.</param>
    public static string Render(ReportDocument document, string page)
        => $"# {document.Title}\n\nAs a page, with all plots and the figures of each point: [{page}]({page}).\n{Render(document.Blocks)}";

    /// <summary>The plots that have a file.</summary>
    /// <param name="document">The report.</param>
    public static IEnumerable<(string File, Plot Plot)> Drawings(ReportDocument document)
        => document.Blocks.OfType<ReportBlock.Drawing>().Where(d => d.File is not null).Select(d => (d.File!, d.Content));

    private static string Render(IEnumerable<ReportBlock> blocks) => string.Concat(blocks.Select(Render));

    private static string Render(ReportBlock block) => block switch
    {
        ReportBlock.Heading heading => $"\n{new string('#', heading.Level)} {heading.Text}\n",
        ReportBlock.Paragraph paragraph => $"\n{paragraph.Text}\n",
        ReportBlock.List list => $"\n{string.Concat(list.Items.Select(item => $"- {item}\n"))}",
        ReportBlock.Table table => $"\n{table.Content}",
        ReportBlock.Drawing drawing => drawing.File is null ? "" : $"\n![{drawing.Content.Labels.Y} against bytes]({drawing.File})\n",
        ReportBlock.Details details => Render(details.Blocks) is { Length: > 0 } text ? Render(new ReportBlock.Heading(details.Level, details.Summary)) + text : "",
        _ => throw new ArgumentOutOfRangeException(nameof(block), block, "This kind of block has no form in Markdown."),
    };
}
