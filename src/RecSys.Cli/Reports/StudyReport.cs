using System.Globalization;
using RecSys.Cli.Output;

namespace RecSys.Cli.Reports;

/// <summary>
/// Writes what each byte bought: <c>report.md</c> with plots beside it, and the same as one page, <c>report.html</c>. Models that were trained
/// with one method at one budget are compared with each other instead.
/// </summary>
internal static class StudyReport
{
    private const string Page = "report.html";

    /// <summary>Writes the report.</summary>
    /// <param name="directory">Folder of the report.</param>
    /// <param name="title">Heading.</param>
    /// <param name="command">Command that makes it again.</param>
    /// <param name="runs">Results.</param>
    /// <param name="unreachable">Budgets that methods could not reach.</param>
    /// <returns>Path of <c>report.md</c>.</returns>
    public static string Write(string directory, string title, string command, IReadOnlyList<RunReport> runs, IReadOnlyList<UnreachableBudget> unreachable)
    {
        ReportDocument document = Create(title, command, runs, unreachable);
        Directory.CreateDirectory(directory);
        foreach ((string file, Plot plot) in MarkdownWriter.Drawings(document))
            AtomicFile.Write(Path.Combine(directory, file), SvgPlot.RenderFile(plot));
        AtomicFile.Write(Path.Combine(directory, Page), HtmlWriter.Render(document));
        string path = Path.Combine(directory, "report.md");
        AtomicFile.Write(path, MarkdownWriter.Render(document, Page));
        return path;
    }

    private static ReportDocument Create(string title, string command, IReadOnlyList<RunReport> runs, IReadOnlyList<UnreachableBudget> unreachable)
    {
        var points = RunGroup.Of(runs);
        var studies = points.GroupBy(p => (p.Dataset, p.Model)).Select(g => new ModelStudy([.. g], unreachable)).ToLookup(s => s.HasSeveralPoints);
        List<ReportBlock> blocks = [new ReportBlock.Paragraph($"Made by `{command}`."), new ReportBlock.List([.. Facts(runs)])];
        if (studies[false].Any())
        {
            blocks.Add(new ReportBlock.Heading(2, "Models"));
            blocks.Add(new ReportBlock.Table("AUC of the models on each data set", RunTable.RenderModels([.. studies[false].SelectMany(s => s.Points)])));
        }

        var plots = new StudyPlots(points);
        blocks.AddRange(studies[true].SelectMany(study => StudySection.Create(study, plots)));
        blocks.Add(new ReportBlock.Details("All runs", 2,
        [
            new ReportBlock.Paragraph("Bytes are those of the embeddings as served; ratio is their share of the full fp32 tables. Speeds are those of the fastest seed."),
            new ReportBlock.Table("All runs", RunTable.Render(runs)),
        ]));
        return new ReportDocument(title, blocks);
    }

    private static IEnumerable<string> Facts(IReadOnlyList<RunReport> runs)
    {
        double[] seconds = [.. runs.Select(r => r.Seconds).OfType<double>()];
        string time = seconds.Length == 0 ? "their time is not recorded"
            : string.Create(CultureInfo.InvariantCulture, $"{seconds.Sum() / 3600:0.##} hours in all") + (seconds.Length < runs.Count ? $", of the {NumberFormat.Count(seconds.Length)} that recorded it" : "");
        yield return $"{NumberFormat.Count(runs.Count)} runs; {time}.";
        yield return $"Machines: {Distinct(runs.Select(r => r.Machine))}.";
        yield return $"Versions: {Distinct(runs.Select(r => r.Versions))}.";
        yield return "Bytes are those of the embeddings as they are served, with masks, codes, maps and keys. "
            + "A budget is a share of the full fp32 tables, or a number of bytes, and holds within 2 %; what differs by more says its bytes.";
        yield return "Checkpoints are chosen on the validation split; the test split is read once, at the end.";
        yield return "Figures are means ± sample standard deviations over seeds; the best of a column is **bold**.";
        yield return "Where the values of a plot of AUC are far apart, its axis is logarithmic in 1 − AUC; that of logloss always is logarithmic.";
    }

    private static string Distinct(IEnumerable<string?> texts)
    {
        string[] all = [.. texts.Select(t => t ?? "not recorded")];
        string[] distinct = [.. all.Distinct()];
        return distinct.Length == 1
            ? distinct[0]
            : string.Join("; ", distinct.Select(one => string.Create(CultureInfo.InvariantCulture, $"{one} ({all.Count(t => t == one)} of {all.Length} runs)")));
    }
}
