using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Training;

namespace RecSys.Cli.Reports;

/// <summary>Training speed as Markdown tables: the newest line of every key, ordered by model, rows and precision.</summary>
internal static class SpeedTable
{
    private static readonly StepPart[] s_ahead = [StepPart.Read, StepPart.Plan];

    /// <summary>Speed and quality against PyTorch.</summary>
    /// <param name="lines">Results in the order of measuring.</param>
    public static string Render(IEnumerable<TrainBenchLine> lines)
    {
        var table = new MarkdownTable("model", "rows:", "precision", "samples/s:", "PyTorch, same settings:", "ratio:", "PyTorch, as installed:", "ratio:", "logloss:", "PyTorch:");
        foreach (var line in Newest(lines))
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

    /// <summary>Milliseconds of every part of a step; the sum leaves out what runs ahead of it on another thread.</summary>
    /// <param name="lines">Results in the order of measuring.</param>
    public static string RenderSteps(IEnumerable<TrainBenchLine> lines)
    {
        StepPart[] parts = [StepPart.Plan, .. Enum.GetValues<StepPart>().Except(s_ahead)];
        var table = new MarkdownTable(["model", "rows:", "precision", .. parts.Select(part => $"{Words(part)}{(s_ahead.Contains(part) ? " (ahead)" : "")}:"), "step:"]);
        foreach (var line in Newest(lines).Where(line => line.StepMilliseconds.Count > 0))
        {
            var times = parts.Select(part => line.StepMilliseconds[RunReport.NameOf(part)]).ToList();
            double step = parts.Zip(times).Where(pair => !s_ahead.Contains(pair.First)).Sum(pair => pair.Second);
            table.Add([line.Model, NumberFormat.Compact(line.Rows), line.Precision, .. times.Append(step).Select(Milliseconds)]);
        }

        return table.ToString();
    }

    /// <summary>A Markdown document with these tables between its marks; that of the steps is optional.</summary>
    /// <param name="document">The document.</param>
    /// <param name="name">Name of the results.</param>
    /// <param name="lines">Results in the order of measuring.</param>
    public static string Splice(string document, string name, IReadOnlyList<TrainBenchLine> lines)
    {
        document = MarkdownSplice.Replace(document, name, Render(lines));
        string steps = $"{name} steps";
        return MarkdownSplice.IsIn(document, steps) ? MarkdownSplice.Replace(document, steps, RenderSteps(lines)) : document;
    }

    private static IEnumerable<TrainBenchLine> Newest(IEnumerable<TrainBenchLine> lines)
        => lines.GroupBy(line => line.Key()).Select(group => group.Last())
            .OrderBy(line => line.Model, StringComparer.Ordinal).ThenBy(line => line.Rows).ThenByDescending(line => line.Precision, StringComparer.Ordinal).ThenBy(line => line.Threads);

    private static string Words(StepPart part) => RunReport.NameOf(part).Replace('_', ' ');

    private static string Milliseconds(double value) => value.ToString("0.0", CultureInfo.InvariantCulture);

    private static string Speed(TwinBest? best) => best is null ? "–" : $"{NumberFormat.Compact(best.SamplesPerSecond)} ({best.Optimizer})";

    private static string Ratio(TwinBest? best) => best is null ? "–" : best.Ratio.ToString("0.00", CultureInfo.InvariantCulture);

    private static string Loss(double value) => double.IsNaN(value) ? "–" : value.ToString("0.0000", CultureInfo.InvariantCulture);
}
