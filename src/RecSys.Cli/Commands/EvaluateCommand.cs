using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Training;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys evaluate</c>: metrics of a run's best checkpoint.</summary>
internal static class EvaluateCommand
{
    public static Command Create()
    {
        var run = CommonOptions.Run();
        var data = new Option<string?>("--data") { Description = "Another prepared data set; the run's own by default." };
        var split = new Option<DataSplit>("--split") { Description = "Split to score.", DefaultValueFactory = _ => DataSplit.Test };
        var json = CommonOptions.Json();
        var command = new Command("evaluate", "Scores a split with the best checkpoint of a run.") { run, data, split, json };
        command.SetAction(parsed =>
        {
            using var trained = TrainedRun.Open(parsed.GetRequiredValue(run), parsed.GetValue(data));
            var result = trained.Evaluate(parsed.GetValue(split));
            var output = parsed.InvocationConfiguration.Output;
            if (parsed.GetValue(json))
                new JsonLines(output).Write("result", Payload(result, parsed.GetValue(split), trained));
            else
                output.Write(Table(result));
            return ExitCode.Success;
        });
        return command;
    }

    private static Dictionary<string, object> Payload(EvaluationResult result, DataSplit split, TrainedRun run) => new()
    {
        ["dataset"] = run.Data.Schema.Name,
        ["split"] = split.ToString().ToLowerInvariant(),
        ["step"] = run.Manifest.State.Step,
        ["samples"] = result.Samples,
        ["auc"] = result.Auc,
        ["gauc"] = result.Gauc,
        ["logloss"] = result.LogLoss,
        ["normalized_entropy"] = result.NormalizedEntropy,
        ["calibration"] = result.Calibration,
    };

    private static string Table(EvaluationResult result)
    {
        var table = new MarkdownTable("samples:", "AUC:", "GAUC:", "logloss:", "NE:", "calibration:");
        table.Add(NumberFormat.Count(result.Samples), Format(result.Auc), Format(result.Gauc), Format(result.LogLoss), Format(result.NormalizedEntropy), Format(result.Calibration));
        return table.ToString();
    }

    private static string Format(double value) => double.IsNaN(value) ? "–" : FormattableString.Invariant($"{value:0.0000}");
}
