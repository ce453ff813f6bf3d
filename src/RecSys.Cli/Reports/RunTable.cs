using System.Globalization;

namespace RecSys.Cli.Reports;

/// <summary>Runs as one Markdown table: what each byte bought. Runs that differ only in seed become one row: mean ± standard
/// deviation of what was learned, and the speed of the fastest, since whatever else runs on a machine only slows a run down.</summary>
internal static class RunTable
{
    /// <summary>Renders the table, grouped by data set and model, by falling bytes.</summary>
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
                first.Method,
                NumberFormat.Bytes(first.EmbeddingBytes),
                first.CompressionRatio.ToString("0.####", CultureInfo.InvariantCulture),
                MeanAndDeviation(group.Select(r => r.Auc)),
                MeanAndDeviation(group.Select(r => r.Gauc)),
                MeanAndDeviation(group.Select(r => r.Logloss)),
                NumberFormat.Bytes(group.Max(r => r.EmbeddingBytesTraining)),
                NumberFormat.Compact(group.Max(r => r.SamplesPerSecond)),
                group.Min(r => r.LookupNanoseconds) is double time ? string.Create(CultureInfo.InvariantCulture, $"{time:0.#} ns") : "–",
                group.Count.ToString(CultureInfo.InvariantCulture));
        }

        return table.ToString();
    }

    /// <summary>Runs that differ only in seed, together.</summary>
    public static IReadOnlyList<IReadOnlyList<RunReport>> Group(IEnumerable<RunReport> runs) =>
    [
        .. runs.GroupBy(r => (r.Dataset, r.Model, r.Method, r.EmbeddingBytes))
            .OrderBy(g => g.Key.Dataset, StringComparer.Ordinal).ThenBy(g => g.Key.Model, StringComparer.Ordinal)
            .ThenByDescending(g => g.Key.EmbeddingBytes).ThenBy(g => g.Key.Method, StringComparer.Ordinal)
            .Select(g => (IReadOnlyList<RunReport>)[.. g]),
    ];

    /// <summary>Mean and sample standard deviation; the deviation is 0 for one value.</summary>
    public static (double Mean, double Deviation) Statistics(IEnumerable<double> values)
    {
        double[] all = [.. values];
        double mean = all.Average();
        return (mean, all.Length < 2 ? 0 : Math.Sqrt(all.Sum(v => (v - mean) * (v - mean)) / (all.Length - 1)));
    }

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
