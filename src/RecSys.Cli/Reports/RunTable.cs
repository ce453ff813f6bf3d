using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>Runs as one Markdown table: what each byte bought. Runs that differ only in seed become one row: mean ± standard
/// deviation of what was learned, and the speed of the fastest, since whatever else runs on a machine only slows a run down.</summary>
internal static class RunTable
{
    /// <summary>The table, grouped by data set and model, by falling bytes asked for and then by falling AUC.</summary>
    /// <param name="runs">Results of runs.</param>
    public static MarkdownTable Render(IEnumerable<RunReport> runs)
    {
        var table = new MarkdownTable("data", "model", "method", "budget:", "bytes:", "ratio:", "AUC:", "GAUC:", "logloss:", "training peak:", "samples/s:", "look-up:", "seeds:");
        foreach (var point in RunGroup.Of(runs))
        {
            table.Add(
                point.Dataset,
                point.Model,
                point.Name,
                point.Budget,
                NumberFormat.Bytes(point.Bytes),
                point.Runs[0].CompressionRatio.ToString("0.####", CultureInfo.InvariantCulture),
                point.Auc.ToString(),
                point.Gauc.ToString(),
                point.Logloss.ToString(),
                point.TrainingBytes is long peak ? NumberFormat.Bytes(peak) : "–",
                point.SamplesPerSecond is double speed ? NumberFormat.Compact(speed) : "–",
                NumberFormat.Nanoseconds(point.LookupNanoseconds),
                point.Runs.Count.ToString(CultureInfo.InvariantCulture));
        }

        return table;
    }

    /// <summary>The mean AUC of every model on every data set, for points with one method and budget; the best of a data set stands out.</summary>
    /// <param name="points">Points of several models.</param>
    public static MarkdownTable RenderModels(IReadOnlyList<RunGroup> points)
    {
        string[] datasets = [.. points.Select(p => p.Dataset).Distinct()];
        var known = points.Where(p => p.Auc.IsKnown).ToList();
        var best = known.GroupBy(p => p.Dataset).ToDictionary(g => g.Key, g => g.Max(p => p.Auc.Mean));
        var lost = known.GroupBy(p => p.Model).ToDictionary(g => g.Key, g => g.Average(p => best[p.Dataset] - p.Auc.Mean));
        var table = new MarkdownTable(["model", .. datasets.Select(dataset => $"AUC on {dataset}:")]);
        foreach (var model in points.GroupBy(p => p.Model).OrderBy(m => lost.GetValueOrDefault(m.Key, double.PositiveInfinity)))
            table.Add([model.Key, .. datasets.Select(dataset => Cell(model.FirstOrDefault(p => p.Dataset == dataset)))]);
        return table;

        string Cell(RunGroup? point)
            => point is null ? "–" : point.Auc.IsKnown && point.Auc.Mean == best[point.Dataset] ? $"**{point.Auc}**" : point.Auc.ToString();
    }

    /// <summary>Mean and sample standard deviation; the deviation is 0 for one value.</summary>
    public static (double Mean, double Deviation) Statistics(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double mean = all.Average();
        return (mean, all.Length < 2 ? 0 : Math.Sqrt(all.Sum(v => (v - mean) * (v - mean)) / (all.Length - 1)));
    }
}
