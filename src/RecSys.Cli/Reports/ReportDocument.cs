namespace RecSys.Cli.Reports;

/// <summary>A report as its parts; <see cref="MarkdownWriter"/> and <see cref="HtmlWriter"/> write it.</summary>
/// <param name="Title">Plain text.</param>
/// <param name="Blocks">Its parts, in order.</param>
internal sealed record ReportDocument(string Title, IReadOnlyList<ReportBlock> Blocks);
