using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench compare</c>: what became slower or faster beyond the noise.</summary>
internal static class BenchCompareCommand
{
    public static Command Create()
    {
        var before = new Argument<string>("old") { Description = "Results of 'recsys bench train --out'." };
        var after = new Argument<string>("new") { Description = "Later results." };
        var json = CommonOptions.Json();
        var command = new Command("compare", "Compares results of 'bench train'; ends with 1 if something became slower.") { before, after, json };
        command.SetAction(parsed =>
        {
            string newPath = parsed.GetRequiredValue(after);
            var changes = BenchChange.Between(Read(parsed.GetRequiredValue(before)), Read(newPath));
            if (changes.Count == 0)
                throw new DataException($"{newPath}: no result has the model, rows, precision and threads of an old one.");
            bool isSlower = changes.Any(change => change.Verdict == "slower");
            if (parsed.GetValue(json))
                Write(new JsonLines(parsed.InvocationConfiguration.Output), changes, isSlower);
            else
                parsed.InvocationConfiguration.Output.Write(Table(changes));
            return isSlower ? ExitCode.Failure : ExitCode.Success;
        });
        return command;
    }

    private static IEnumerable<TrainBenchLine> Read(string path)
        => ResultLine.Read(path).Where(line => line.Bench == TrainBenchLine.Kind).Select(line => line.As<TrainBenchLine>());

    private static void Write(JsonLines lines, IReadOnlyList<BenchChange> changes, bool isSlower)
    {
        foreach (var change in changes)
        {
            var key = change.New;
            lines.Write("change", new { key.Model, key.Rows, key.Precision, key.Threads, change.Figure, change.Before, change.After, change.Change, change.Noise, change.Verdict });
        }

        lines.Write("result", new { Compared = changes.Count, IsSlower = isSlower });
    }

    private static string Table(IReadOnlyList<BenchChange> changes)
    {
        var table = new MarkdownTable("model", "rows:", "precision", "threads:", "figure", "before:", "after:", "change:", "noise:", "verdict");
        foreach (var change in changes)
        {
            table.Add(
                change.New.Model,
                NumberFormat.Compact(change.New.Rows),
                change.New.Precision,
                change.New.Threads.ToString(CultureInfo.InvariantCulture),
                change.Figure,
                Figure(change.Before),
                Figure(change.After),
                change.Change.ToString("+0.0%;-0.0%", CultureInfo.InvariantCulture),
                change.Noise.ToString("0.0%", CultureInfo.InvariantCulture),
                change.Verdict);
        }

        return table.ToString();

        string Figure(double value) => value < 1000 ? value.ToString("0.00", CultureInfo.InvariantCulture) : NumberFormat.Compact(value);
    }
}
