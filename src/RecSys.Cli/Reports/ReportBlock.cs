namespace RecSys.Cli.Reports;

/// <summary>A part of a report, the same for each form that the report is written in. Texts are Markdown with nothing but <c>**bold**</c> and <c>`code`</c>.</summary>
internal abstract record ReportBlock
{
    private ReportBlock()
    {
    }

    /// <summary>A heading.</summary>
    /// <param name="Level">2 for what is in the contents, 3 below that.</param>
    /// <param name="Text">Plain text.</param>
    internal sealed record Heading(int Level, string Text) : ReportBlock;

    /// <summary>A paragraph.</summary>
    /// <param name="Text">Text.</param>
    internal sealed record Paragraph(string Text) : ReportBlock;

    /// <summary>A list.</summary>
    /// <param name="Items">Texts.</param>
    internal sealed record List(IReadOnlyList<string> Items) : ReportBlock;

    /// <summary>A table.</summary>
    /// <param name="Name">What it shows, for readers who cannot see it.</param>
    /// <param name="Content">The cells.</param>
    internal sealed record Table(string Name, MarkdownTable Content) : ReportBlock;

    /// <summary>A plot.</summary>
    /// <param name="Content">What to draw.</param>
    /// <param name="File">Name of the SVG file beside a report in Markdown; null for a plot that only a page shows.</param>
    internal sealed record Drawing(Plot Content, string? File) : ReportBlock;

    /// <summary>What a page shows on demand.</summary>
    /// <param name="Summary">Plain text.</param>
    /// <param name="Level">Level of the heading that it has in Markdown.</param>
    /// <param name="Blocks">Its parts.</param>
    internal sealed record Details(string Summary, int Level, IReadOnlyList<ReportBlock> Blocks) : ReportBlock;
}
