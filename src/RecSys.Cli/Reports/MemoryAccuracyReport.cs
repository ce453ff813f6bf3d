using System.Text;

namespace RecSys.Cli.Reports;

/// <summary>
/// Writes what each byte bought: <c>report.md</c> with a table and, per data set and model, an SVG of AUC against bytes. Models that were trained
/// with one method at one budget are compared with each other instead.
/// </summary>
internal static class MemoryAccuracyReport
{
    /// <summary>Writes the report.</summary>
    /// <param name="directory">Folder of the report.</param>
    /// <param name="title">Heading.</param>
    /// <param name="command">Command that makes it again.</param>
    /// <param name="runs">Results.</param>
    /// <returns>Path of <c>report.md</c>.</returns>
    public static string Write(string directory, string title, string command, IReadOnlyList<RunReport> runs)
    {
        Directory.CreateDirectory(directory);
        var text = new StringBuilder($"# {title}\n\nMade by `{command}`. Budgets are shares of the full fp32 tables.\n");
        var models = runs.GroupBy(r => (r.Dataset, r.Model)).ToLookup(model => RunTable.Group(model).Count == 1);
        if (models[true].Any())
            text.Append($"\n## Models\n\n{RunTable.RenderModels(models[true].SelectMany(model => model))}");
        foreach (var model in models[false])
        {
            string file = $"{model.Key.Dataset}-{model.Key.Model}.svg";
            var labels = new PlotLabels(
                $"{model.Key.Model} on {model.Key.Dataset}",
                "Test AUC of each method against the bytes of its embeddings as served.",
                "embedding bytes",
                "test AUC");
            WriteAtomically(Path.Combine(directory, file), SvgPlot.Render(labels, [.. Series(model)]));
            text.Append($"\n## {model.Key.Model} on {model.Key.Dataset}\n\n{RunTable.RenderAuc(model)}\n![AUC against bytes]({file})\n");
        }

        text.Append($"\n## All runs\n\nBytes are those of the embeddings as served; ratio is their share of the full fp32 tables.\n\n{RunTable.Render(runs)}");

        string path = Path.Combine(directory, "report.md");
        WriteAtomically(path, text.ToString());
        return path;
    }

    private static IEnumerable<PlotSeries> Series(IEnumerable<RunReport> runs)
        => RunTable.Group(runs)
            .GroupBy(group => RunTable.NameOf(group[0]))
            .Select(method => new PlotSeries(method.Key, [.. method.Select(Point)]));

    private static PlotPoint Point(IReadOnlyList<RunReport> seeds)
    {
        var (mean, deviation) = RunTable.Statistics(seeds.Select(r => r.Auc));
        return new PlotPoint(seeds[0].EmbeddingBytes, mean, deviation);
    }

    private static void WriteAtomically(string path, string text)
    {
        File.WriteAllText(path + ".tmp", text);
        File.Move(path + ".tmp", path, overwrite: true);
    }
}
