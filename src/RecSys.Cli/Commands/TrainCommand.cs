using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Torch.Distributed;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys train</c>: trains a model on a prepared data set.</summary>
internal static class TrainCommand
{
    private const string Workers = "--workers";
    private const string Restarts = "--restarts";

    public static Command Create()
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var json = CommonOptions.Json();
        var output = new Option<string?>("--out") { Description = "Folder of the run; runs/DATASET-MODEL-METHOD-SEED by default." };
        var resume = new Option<bool>("--resume") { Description = "Continue from the newest checkpoint of the run's folder." };
        var noTest = new Option<bool>("--no-test") { Description = "Leave the test split unread: for runs that one is still chosen from. 'evaluate' reads it." };
        var workers = CommonOptions.Count(Workers, "Processes on this machine that train together, each on its share of the samples; the rows are spread over them, or on the shard servers of cluster.nodes.", 1);
        var restarts = new Option<int>(Restarts) { Description = "How often training goes on from the newest checkpoint after it has failed, or one of its workers has." };
        var command = new Command("train", "Trains a click model on a prepared data set.") { config, set, experiment, output, resume, noTest, workers, restarts, json };
        command.SetAction(parsed => parsed.GetValue(workers) > 1 || parsed.GetValue(restarts) > 0 ? Launch(parsed, parsed.GetValue(workers), parsed.GetValue(restarts)) : Run(
            RunConfig.Load(parsed.GetRequiredValue(config), parsed.GetValue(set), parsed.GetValue(experiment)),
            parsed.GetValue(output),
            parsed.GetValue(resume),
            !parsed.GetValue(noTest),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output));
        return command;
    }

    // The workers get the same command line, without what is for the launcher.
    private static int Launch(ParseResult parsed, int workers, int restarts)
    {
        List<string> args = [];
        var tokens = parsed.Tokens;
        for (int i = 0; i < tokens.Count; i++)
        {
            if (tokens[i].Value is Workers or Restarts)
                i++;
            else
                args.Add(tokens[i].Value);
        }

        return WorkerLauncher.Run(args, workers, restarts, ["--resume"], parsed.InvocationConfiguration.Error);
    }

    private static int Run(RunConfig config, string? directory, bool resume, bool test, bool json, TextWriter output)
    {
        directory ??= Path.Combine("runs", $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(config.Dataset.Path))}-{config.Model.Name}-{config.Embedding.Method.Method.Name}-{config.Train.Seed}");
        var lines = new JsonLines(output);
        using var processes = ProcessGroupOptions.FromEnvironment(config.Train.FindDevice()) is { } options ? ProcessGroup.Create(options) : null;
        var workers = new WorkerGroup(processes);
        if (!workers.IsLeader)
        {
            TrainingSession.Follow(config, directory, resume, workers, test);
            return ExitCode.Success;
        }

        RunReport report;
        using (var display = json ? ProgressDisplay.Json(lines, TimeProvider.System) : ProgressDisplay.ForPeople())
            report = TrainingSession.Run(config, directory, resume, display, json ? progress => lines.Write("epoch", Epoch(progress)) : null, workers: workers, test: test);
        if (json)
            lines.Write("result", report);
        else
            output.Write(RunTable.Render([report]) + Decisions(report) + $"\nrun: {directory}\n");
        return ExitCode.Success;
    }

    // One line a choice.
    private static string Decisions(RunReport report) => report.Decisions is null
        ? ""
        : "\n" + string.Concat(report.Decisions.GroupBy(d => d.Value, d => d.Key).Select(choice => $"{choice.Key}: {string.Join(", ", choice)}\n"));

    private static Dictionary<string, object> Epoch(TrainingProgress progress) => new()
    {
        ["epoch"] = progress.Epoch,
        ["step"] = progress.Step,
        ["train_loss"] = progress.Loss,
        ["samples_per_second"] = progress.SamplesPerSecond,
        ["validation_auc"] = progress.Validation!.Auc,
        ["validation_gauc"] = progress.Validation.Gauc,
        ["validation_logloss"] = progress.Validation.LogLoss,
    };
}
