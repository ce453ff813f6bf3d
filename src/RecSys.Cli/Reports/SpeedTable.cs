using System.Globalization;
using RecSys.Cli.Bench;

namespace RecSys.Cli.Reports;

/// <summary>Training speed against PyTorch as one Markdown table.</summary>
internal static class SpeedTable
{
    /// <summary>Renders the newest line of every key, ordered by model, rows and precision.</summary>
    /// <param name="lines">Results in the order of measuring.</param>
    public static string Render(IEnumerable<TrainBenchLine> lines)
    {
        var table = new MarkdownTable("model", "rows:", "precision", "samples/s:", "PyTorch, same settings:", "ratio:", "PyTorch, as installed:", "ratio:", "logloss:", "PyTorch:");
        foreach (var line in lines.GroupBy(line => line.Key()).Select(group => group.Last())
            .OrderBy(line => line.Model, StringComparer.Ordinal).ThenBy(line => line.Rows).ThenByDescending(line => line.Precision, StringComparer.Ordinal).ThenBy(line => line.Threads))
        {
            table.Add(
                line.Model,
                NumberFormat.Compact(line.Rows),
                line.Precision,
                NumberFormat.Compact(line.SamplesPerSecond),
                Speed(line.PytorchTuned),
                Ratio(line.PytorchTuned),
                Speed(line.PytorchAsInstalled),
                Ratio(line.PytorchAsInstalled),
                Loss(line.Logloss),
                Loss(line.PytorchLogloss));
        }

        return table.ToString();
    }

    private static string Speed(TwinBest? best) => best is null ? "–" : $"{NumberFormat.Compact(best.SamplesPerSecond)} ({best.Optimizer})";

    private static string Ratio(TwinBest? best) => best is null ? "–" : best.Ratio.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Loss(double value) => double.IsNaN(value) ? "–" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
