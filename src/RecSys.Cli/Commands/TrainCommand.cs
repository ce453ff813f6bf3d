using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Training;
using RecSys.Training.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys train</c>: trains a model on a prepared data set.</summary>
internal static class TrainCommand
{
    public static Command Create()
    {
        var config = CommonOptions.Config();
        var set = CommonOptions.Set();
        var experiment = CommonOptions.Experiment();
        var json = CommonOptions.Json();
        var output = new Option<string?>("--out") { Description = "Folder of the run; runs/DATASET-MODEL-METHOD-SEED by default." };
        var resume = new Option<bool>("--resume") { Description = "Continue from the newest checkpoint of the run's folder." };
        var command = new Command("train", "Trains a click model on a prepared data set.") { config, set, experiment, output, resume, json };
        command.SetAction(parsed => Run(
            RunConfig.Load(parsed.GetRequiredValue(config), parsed.GetValue(set), parsed.GetValue(experiment)),
            parsed.GetValue(output),
            parsed.GetValue(resume),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output));
        return command;
    }

    private static int Run(RunConfig config, string? directory, bool resume, bool json, TextWriter output)
    {
        directory ??= Path.Combine("runs", $"{Path.GetFileName(Path.TrimEndingDirectorySeparator(config.Dataset.Path))}-{config.Model.Name}-{config.Embedding.Method.Method.Name}-{config.Train.Seed}");
        var lines = new JsonLines(output);
        RunReport report;
        using (var display = json ? ProgressDisplay.Json(lines, TimeProvider.System) : ProgressDisplay.ForPeople())
            report = TrainingSession.Run(config, directory, resume, display, json ? progress => lines.Write("epoch", Epoch(progress)) : null);
        if (json)
            lines.Write("result", report);
        else
            output.Write(RunTable.Render([report]) + $"\nrun: {directory}\n");
        return ExitCode.Success;
    }

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
