using System.CommandLine;
using System.Diagnostics;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cli.Studies;
using RecSys.Data;
using RecSys.Embeddings;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys study</c>: trains what a study asks for and reports it.</summary>
internal static class StudyCommand
{
    private const string Runs = "runs";

    public static Command Create()
    {
        var file = new Argument<string>("study") { Description = "YAML file of the study; its folder gets results.jsonl and the report." };
        var small = new Option<bool>("--small") { Description = "The small version of the study, into runs/NAME-small." };
        var data = new Option<string?>("--data") { Description = "Another data set instead of those of the study: prepared/NAME, made by configs/datasets/NAME.yaml where it is missing. Into runs/STUDY-NAME." };
        var output = new Option<string?>("--out") { Description = "Another folder for results and report." };
        var resume = new Option<bool>("--resume") { Description = "Go on from the results that are there." };
        var datasets = new Option<string[]>("--dataset") { Description = "Only this data set of the study. May be repeated.", DefaultValueFactory = _ => [] };
        var models = new Option<string[]>("--model") { Description = "Only this model of the study. May be repeated.", DefaultValueFactory = _ => [] };
        var processes = new Option<int>("--processes") { Description = "Runs at the same time, each in a process of its own; by default as many as the cores allow with the study's threads for each." };
        var memory = new Option<string>("--memory") { Description = "Memory that the runs may take together: bytes such as 16GB, or a share of this machine's.", DefaultValueFactory = _ => "0.8" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what the study costs, and stop." };
        var json = CommonOptions.Json();
        var command = new Command("study", "Trains data sets x models x methods x precisions x budgets x seeds, and reports what each byte buys.") { file, small, data, output, resume, datasets, models, processes, memory, dryRun, json };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(file);
            var study = StudyConfig.Load(path, parsed.GetValue(small), parsed.GetValue(data));
            bool isItself = !parsed.GetValue(small) && parsed.GetValue(data) is null;
            string beside = Path.GetDirectoryName(path) is { Length: > 0 } parent ? parent : ".";
            string folder = parsed.GetValue(output) ?? (isItself ? beside : Path.Combine(Runs, study.Name));
            var options = new StudyOptions
            {
                Folder = folder,
                RunFolder = parsed.GetValue(output) is null && isItself ? Path.Combine(Runs, study.Name) : Path.Combine(folder, Runs),
                Command = $"./recsys study {path}{(parsed.GetValue(small) ? " --small" : "")}{(parsed.GetValue(data) is { } other ? $" --data {other}" : "")}",
                Resume = parsed.GetValue(resume),
                Datasets = Named("--dataset", parsed.GetValue(datasets)!, [.. study.Datasets.Keys]),
                Models = Named("--model", parsed.GetValue(models)!, [.. study.Models.Keys]),
                Processes = parsed.GetValue(processes) > 0 ? parsed.GetValue(processes) : Math.Max(1, Environment.ProcessorCount / study.Threads),
                Memory = Budget.Parse(parsed.GetValue(memory)!).Resolve(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes),
                DryRun = parsed.GetValue(dryRun),
            };
            return Run(study, options, parsed.GetValue(json), parsed.InvocationConfiguration);
        });
        return command;
    }

    private static IReadOnlyList<string> Named(string option, IReadOnlyList<string> names, IReadOnlyList<string> valid)
    {
        return names.FirstOrDefault(n => !valid.Contains(n)) is { } unknown
            ? throw new DataException($"{option}: '{unknown}' is not one of the study's; {NearestName.Hint(unknown, [.. valid])}valid: {string.Join(", ", valid)}")
            : names.Count > 0 ? names : valid;
    }

    private static int Run(StudyConfig study, StudyOptions options, bool json, InvocationConfiguration io)
    {
        long started = Stopwatch.GetTimestamp();
        var lines = new JsonLines(io.Output);
        var results = StudyResults.Open(Path.Combine(options.Folder, "results.jsonl"));
        if (results.Count > 0 && !options.Resume && !options.DryRun)
            throw new DataException($"{options.Folder}: there are results already; valid: --resume to go on, or another --out");

        StudyPoint[] wanted = [.. study.Points().Where(p => options.Datasets.Contains(p.Dataset) && options.Models.Contains(p.Model))];
        StudyPlan.Prepare(study, wanted, name => io.Error.WriteLine($"preparing {name}"));
        var points = StudyPlan.Of(study, wanted);
        var estimate = new StudyEstimate(study, options.RunFolder, [.. StudyEstimate.Known(study.Folder), .. results.Runs]);
        var runner = new StudyRunner(study, points, results, estimate, options.RunFolder);
        var bill = runner.Bill(options.Processes);
        if (json)
            lines.Write("bill", bill);
        else
            io.Output.WriteLine(bill.ToString());
        if (options.DryRun)
            return ExitCode.Success;

        using (var display = json ? ProgressDisplay.Json(lines, TimeProvider.System) : ProgressDisplay.ForPeople())
        {
            (int before, int others) = (results.Count, results.Count - runner.Done);
            runner.OnResult = run =>
            {
                double rate = (results.Count - before) / Stopwatch.GetElapsedTime(started).TotalSeconds;
                display.Report(new ProgressUpdate($"study, seed {run.Seed}", results.Count - others, runner.Total, rate) { Unit = "runs" });
                if (json)
                    lines.Write("run", run);
            };
            runner.Run(options.Processes, options.Memory);
        }

        string? report = results.Count == 0 ? null : StudyReport.Write(options.Folder, study.Name, options.Command, results.Runs, results.Unreachable);
        foreach (string failure in runner.Failures)
            io.Error.WriteLine($"failed: {failure}");
        if (json)
            lines.Write("result", new { Runs = runner.Done, runner.Total, Failed = runner.Failures.Count, Seconds = Stopwatch.GetElapsedTime(started).TotalSeconds, Report = report });
        else
            io.Output.WriteLine($"{runner.Done} of {runner.Total} runs; report: {report ?? "none"}   took {NumberFormat.Duration(Stopwatch.GetElapsedTime(started))}");
        return runner.Failures.Count == 0 ? ExitCode.Success : ExitCode.Failure;
    }
}
