using System.Globalization;
using RecSys.Embeddings;

namespace RecSys.Cli.Reports;

/// <summary>Runs as one Markdown table: what each byte bought. Runs that differ only in seed become one row: mean ± standard
/// deviation of what was learned, and the speed of the fastest, since whatever else runs on a machine only slows a run down.</summary>
internal static class RunTable
{
    /// <summary>Renders the table, grouped by data set and model, by falling bytes asked for and then by falling AUC.</summary>
    /// <param name="runs">Results of runs.</param>
    public static string Render(IEnumerable<RunReport> runs)
    {
        var table = new MarkdownTable("data", "model", "method", "bytes:", "ratio:", "AUC:", "GAUC:", "logloss:", "training peak:", "samples/s:", "look-up:", "seeds:");
        foreach (var group in Group(runs))
        {
            var first = group[0];
            table.Add(
                first.Dataset,
                first.Model,
                NameOf(first),
                NumberFormat.Bytes(first.EmbeddingBytes),
                first.CompressionRatio.ToString("0.####", CultureInfo.InvariantCulture),
                MeanAndDeviation(group.Select(r => r.Auc)),
                MeanAndDeviation(group.Select(r => r.Gauc)),
                MeanAndDeviation(group.Select(r => r.Logloss)),
                group.Max(r => r.EmbeddingBytesTraining) is long peak ? NumberFormat.Bytes(peak) : "–",
                group.Max(r => r.SamplesPerSecond) is double speed ? NumberFormat.Compact(speed) : "–",
                group.Min(r => r.LookupNanoseconds) is double time ? string.Create(CultureInfo.InvariantCulture, $"{time:0.#} ns") : "–",
                group.Count.ToString(CultureInfo.InvariantCulture));
        }

        return table.ToString();
    }

    /// <summary>Renders the mean AUC of every method at every budget, for runs of one data set and model; the best of a budget stands out.</summary>
    /// <param name="runs">Results of runs.</param>
    public static string RenderAuc(IEnumerable<RunReport> runs)
    {
        var groups = Group(runs);
        string[] budgets = [.. groups.Select(g => g[0].Budget).Distinct()];
        var best = groups.GroupBy(g => g[0].Budget).ToDictionary(g => g.Key, g => g.Max(seeds => seeds.Average(r => r.Auc)));
        var table = new MarkdownTable(["method", .. budgets.Select(b => $"AUC at {b}:")]);
        foreach (var method in groups.GroupBy(g => NameOf(g[0])).OrderByDescending(m => m.Average(g => g.Average(r => r.Auc) - best[g[0].Budget])))
            table.Add([method.Key, .. budgets.Select(b => Cell(method.FirstOrDefault(g => g[0].Budget == b), best[b]))]);
        return table.ToString();
    }

    /// <summary>Renders the mean AUC of every model on every data set, for runs with one method and budget; the best of a data set stands out.</summary>
    /// <param name="runs">Results of runs.</param>
    public static string RenderModels(IEnumerable<RunReport> runs)
    {
        var groups = Group(runs);
        var best = groups.GroupBy(g => g[0].Dataset).ToDictionary(g => g.Key, g => g.Max(seeds => seeds.Average(r => r.Auc)));
        var table = new MarkdownTable(["model", .. best.Keys.Select(dataset => $"AUC on {dataset}:")]);
        foreach (var model in groups.GroupBy(g => g[0].Model).OrderByDescending(m => m.Average(g => g.Average(r => r.Auc) - best[g[0].Dataset])))
            table.Add([model.Key, .. best.Keys.Select(dataset => Cell(model.FirstOrDefault(g => g[0].Dataset == dataset), best[dataset]))]);
        return table.ToString();
    }

    /// <summary>Runs that differ only in seed, together.</summary>
    public static IReadOnlyList<IReadOnlyList<RunReport>> Group(IEnumerable<RunReport> runs) =>
    [
        .. runs.GroupBy(r => (r.Dataset, r.Model, Method: NameOf(r), r.Budget))
            .OrderBy(g => g.Key.Dataset, StringComparer.Ordinal).ThenBy(g => g.Key.Model, StringComparer.Ordinal)
            .ThenByDescending(g => AskedBytes(g.First())).ThenByDescending(g => g.Average(r => r.Auc)).ThenBy(g => g.Key.Method, StringComparer.Ordinal)
            .Select(g => (IReadOnlyList<RunReport>)[.. g]),
    ];

    /// <summary>What a run is called in tables and plots.</summary>
    public static string NameOf(RunReport run) => run.Before is null ? run.Method : RunReport.AfterTraining(run.Method);

    /// <summary>Mean and sample standard deviation; the deviation is 0 for one value.</summary>
    public static (double Mean, double Deviation) Statistics(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double mean = all.Average();
        return (mean, all.Length < 2 ? 0 : Math.Sqrt(all.Sum(v => (v - mean) * (v - mean)) / (all.Length - 1)));
    }

    private static string Cell(IReadOnlyList<RunReport>? seeds, double best)
    {
        if (seeds is null)
            return "–";
        string text = MeanAndDeviation(seeds.Select(r => r.Auc));
        return seeds.Average(r => r.Auc) == best ? $"**{text}**" : text;
    }

    private static long AskedBytes(RunReport run) => Budget.Parse(run.Budget).Resolve((long)Math.Round(run.EmbeddingBytes / run.CompressionRatio));

    private static string MeanAndDeviation(IEnumerable<double> values)
    {
        double[] all = [.. values];
        var (mean, deviation) = Statistics(all);
        if (double.IsNaN(mean))
            return "–";
        return all.Length < 2
            ? mean.ToString("0.0000", CultureInfo.InvariantCulture)
            : string.Create(CultureInfo.InvariantCulture, $"{mean:0.0000} ± {deviation:0.0000}");
    }
}
