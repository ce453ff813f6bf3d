using System.CommandLine;
using System.Globalization;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Cli.Tuning;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys tune</c>: finds the settings that are best on validation.</summary>
internal static class TuneCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var json = CommonOptions.Json();
        var search = new Option<string[]>("--search") { Description = "Values of a key, KEY=V1|V2|V3, or a range, KEY=LOW..HIGH. May be repeated.", DefaultValueFactory = _ => [] };
        var trials = new Option<int>("--trials") { Description = "Random settings to try; without it every combination of the values." };
        var seed = new Option<int>("--seed") { Description = "Seed of the random settings.", DefaultValueFactory = _ => 1 };
        var processes = CommonOptions.Count("--processes", "Trials at the same time, each in a process of its own.", 1);
        var output = new Option<string>("--out") { Description = "Folder of the search; one that was begun goes on.", Required = true };
        var command = new Command("tune", "Trains a configuration with different settings and keeps the run that is best on validation, by train.early_stopping.metric.") { config, search, trials, seed, processes, set, experiment, output, json };
        command.SetAction(parsed =>
        {
            string path = parsed.GetRequiredValue(config);
            string[] overrides = parsed.GetValue(set) ?? [];
            string? named = parsed.GetValue(experiment);
            var space = SearchSpace.Parse(parsed.GetValue(search)!);
            var wanted = parsed.GetValue(trials) > 0 ? space.Draw(parsed.GetValue(trials), parsed.GetValue(seed)) : space.Grid();

            // What a configuration refuses is refused before anything is trained.
            foreach (var settings in wanted)
                RunConfig.Load(path, [.. overrides, .. settings], named);
            List<string> args = [path, .. overrides.SelectMany(o => (string[])["--set", o]), .. named is null ? Array.Empty<string>() : ["--experiment", named]];
            var common = RunConfig.Load(path, overrides, named);
            var tuner = new Tuner(parsed.GetRequiredValue(output), args, common, parsed.GetValue(processes));
            Run(tuner, wanted, common.Train.Metric, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Run(Tuner tuner, IReadOnlyList<IReadOnlyList<string>> trials, string metric, bool json, TextWriter output)
    {
        var lines = new JsonLines(output);
        using (var display = json ? ProgressDisplay.Json(lines, TimeProvider.System) : ProgressDisplay.ForPeople())
        {
            tuner.Run(trials, trial =>
            {
                display.Report(new ProgressUpdate("tune", tuner.Done.Count, trials.Count, 0) { Unit = "trials", MetricName = metric, Metric = Math.Abs(tuner.Done[0].Result.Goodness(metric)) });
                if (json)
                    lines.Write("trial", trial);
            });
        }

        var best = tuner.Evaluate();
        if (json)
        {
            lines.Write("result", new { Trials = tuner.Done.Count, Metric = metric, best.Number, best.Settings, Run = tuner.RunOf(best.Settings), Best = best.Result });
            return;
        }

        var table = new MarkdownTable("trial:", "settings", "validation AUC:", "validation logloss:");
        foreach (var trial in tuner.Done)
            table.Add(trial.Number.ToString(CultureInfo.InvariantCulture), string.Join(", ", trial.Settings), Format(trial.Result.ValidationAuc), Format(trial.Result.ValidationLogloss));
        output.Write($"{table}\nbest: {string.Concat(best.Settings.Select(s => $"--set '{s}' "))}\ntest: AUC {Format(best.Result.Auc)}, logloss {Format(best.Result.Logloss)}\nrun: {tuner.RunOf(best.Settings)}\n");
    }

    private static string Format(double value) => value.ToString("0.0000", CultureInfo.InvariantCulture);
}
