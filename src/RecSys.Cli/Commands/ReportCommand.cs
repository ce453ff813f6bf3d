using System.CommandLine;
using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys report</c>: tables and plots from the results of many runs.</summary>
internal static class ReportCommand
{
    public static Command Create()
    {
        var folder = new Argument<string>("folder") { Description = "Folder with results.jsonl: the 'result' lines of 'recsys train --json' or of 'recsys bench train --json'." };
        var into = new Option<string[]>("--into") { Description = "Markdown document that gets the table of 'bench train' between its marks '<!-- report FOLDER -->' and '<!-- end report -->', and the times of the parts of a step where it has a mark '<!-- report FOLDER steps -->'. May be repeated.", DefaultValueFactory = _ => [] };
        var command = new Command("report", "Training runs: writes report.md with plots, and report.html, the same as one page. Speed measurements: prints the table, or puts it into documents.") { folder, into };
        command.SetAction(parsed =>
        {
            string directory = parsed.GetRequiredValue(folder);
            string name = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(directory)));
            string results = Path.Combine(directory, "results.jsonl");
            var lines = ResultLine.Read(results);
            var output = parsed.InvocationConfiguration.Output;
            if (lines[0].Bench == TrainBenchLine.Kind)
                WriteSpeed(name, [.. lines.Select(line => line.As<TrainBenchLine>())], parsed.GetValue(into) ?? [], output);
            else
                output.WriteLine($"report: {WriteStudy(directory, name, results, lines)}");
            return ExitCode.Success;
        });
        return command;
    }

    private static string WriteStudy(string directory, string name, string results, IReadOnlyList<ResultLine> lines)
        => StudyReport.Write(
            directory,
            name,
            $"./recsys report {directory}",
            [.. lines.Select(line => line.As<RunReport>())],
            [.. ResultLine.Read(results, ResultLine.Unreachable).Select(line => line.As<UnreachableBudget>())]);

    private static void WriteSpeed(string name, List<TrainBenchLine> lines, string[] documents, TextWriter output)
    {
        if (documents.Length == 0)
            output.Write($"{SpeedTable.Render(lines)}\n{SpeedTable.RenderSteps(lines)}");
        foreach (string document in documents)
        {
            File.WriteAllText(document, SpeedTable.Splice(File.ReadAllText(document), name, lines));
            output.WriteLine($"report: {document}");
        }
    }
}
