using System.CommandLine;
using System.Diagnostics;
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
        var against = new Option<string?>("--against") { Description = "Another run, whose AUC over 0.5 is the unit of RelaImpr." };
        var slices = new Option<string[]>("--slices") { Description = "Metrics by how much is known of a feature: training samples of its id, or length of its list. May be repeated.", DefaultValueFactory = _ => [] };
        var frequency = new Option<string[]>("--frequency") { Description = "Metrics by how frequent the id of a feature is: head, torso, tail (the most frequent ids with half of the training samples, the next ones up to 0.9, the others). May be repeated.", DefaultValueFactory = _ => [] };
        var by = new Option<string[]>("--by") { Description = "Metrics by the values of a feature, the 20 most frequent ones. May be repeated.", DefaultValueFactory = _ => [] };
        var importance = new Option<bool>("--importance") { Description = "What the model loses when the values of a feature are given to other samples, for each feature." };
        var shared = new Option<bool>("--shared-vectors") { Description = "How many ids have the same vector as another id of their field." };
        var json = CommonOptions.Json();
        var command = new Command("evaluate", "Scores a split with the best checkpoint of a run.") { run, data, split, against, slices, frequency, by, importance, shared, json };
        command.SetAction(parsed =>
        {
            using var trained = TrainedRun.Open(parsed.GetRequiredValue(run), parsed.GetValue(data));
            var wanted = parsed.GetValue(split);
            long start = Stopwatch.GetTimestamp();
            var scored = trained.Score(wanted);
            var result = scored.Evaluate();
            double samplesPerSecond = result.Samples / Stopwatch.GetElapsedTime(start).TotalSeconds;
            double? relaImpr = parsed.GetValue(against) is { } other ? RelaImpr(result, other, parsed.GetValue(data), wanted) : null;
            List<EvaluationSlice> sliced =
            [
                .. parsed.GetValue(slices)!.SelectMany(feature => EvaluationSlice.ByCount(scored, feature)),
                .. parsed.GetValue(frequency)!.SelectMany(feature => EvaluationSlice.ByFrequency(scored, feature)),
                .. parsed.GetValue(by)!.SelectMany(feature => EvaluationSlice.ByValue(scored, feature)),
            ];
            var output = parsed.InvocationConfiguration.Output;
            var importances = parsed.GetValue(importance) ? Importances(trained, wanted, parsed.GetValue(json), output) : [];
            var sharedVectors = parsed.GetValue(shared) ? SharedVectors.Count(trained) : null;
            if (parsed.GetValue(json))
                WriteJson(new JsonLines(output), Payload(result, samplesPerSecond, relaImpr, sharedVectors, wanted, trained), sliced, importances);
            else
                output.Write(string.Join('\n', Tables(result, samplesPerSecond, relaImpr, sliced, importances, sharedVectors)));
            return ExitCode.Success;
        });
        return command;
    }

    private static IReadOnlyList<FeatureImportance> Importances(TrainedRun run, DataSplit split, bool json, TextWriter output)
    {
        using var display = json ? ProgressDisplay.Json(new JsonLines(output), TimeProvider.System) : ProgressDisplay.ForPeople();
        int count = run.Data.Schema.GivenFeatures.Count();
        int done = 0;
        return FeatureImportance.Measure(run, split, onFeature: _ => display.Report(new ProgressUpdate("importance", ++done, count, 0) { Unit = "features" }));
    }

    // Zhou et al., 2018: how much more of the AUC above a coin's than the other run has, in percent.
    private static double RelaImpr(EvaluationResult result, string other, string? data, DataSplit split)
    {
        using var run = TrainedRun.Open(other, data);
        return 100 * (((result.Auc - 0.5) / (run.Evaluate(split).Auc - 0.5)) - 1);
    }

    private static void WriteJson(JsonLines lines, Dictionary<string, object> result, List<EvaluationSlice> slices, IReadOnlyList<FeatureImportance> importances)
    {
        foreach (var slice in slices)
            lines.Write("slice", SliceReport.Of(slice));
        foreach (var importance in importances)
            lines.Write("importance", new { importance.Feature, importance.AucDrop, LoglossRise = importance.LogLossRise });
        lines.Write("result", result);
    }

    private static Dictionary<string, object> Payload(EvaluationResult result, double samplesPerSecond, double? relaImpr, SharedVectors? shared, DataSplit split, TrainedRun run)
    {
        Dictionary<string, object> payload = new()
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
            ["samples_per_second"] = samplesPerSecond,
        };
        if (relaImpr is { } value)
            payload["rela_impr"] = value;
        if (shared is not null)
            payload["shared_vectors"] = shared;
        if (result.Tasks.Count > 0)
            payload["tasks"] = result.Tasks;
        return payload;
    }

    private static IEnumerable<string> Tables(
        EvaluationResult result, double samplesPerSecond, double? relaImpr, List<EvaluationSlice> slices, IReadOnlyList<FeatureImportance> importances, SharedVectors? shared)
    {
        yield return Table(result, samplesPerSecond, relaImpr);
        if (result.Tasks.Count > 0)
            yield return Table(result.Tasks);
        foreach (var feature in slices.GroupBy(s => s.Feature))
            yield return Table(feature);
        if (importances.Count > 0)
            yield return Table(importances);
        if (shared is not null)
            yield return $"{NumberFormat.Count(shared.Shared)} of {NumberFormat.Count(shared.Ids)} ids have the vector of another id of their field\n";
    }

    private static string Table(EvaluationResult result, double samplesPerSecond, double? relaImpr)
    {
        var table = new MarkdownTable(["samples:", .. Headers, "samples/s:", .. relaImpr is null ? Array.Empty<string>() : ["RelaImpr:"]]);
        table.Add([NumberFormat.Count(result.Samples), .. Cells(result), NumberFormat.Compact(samplesPerSecond), .. relaImpr is { } value ? [FormattableString.Invariant($"{value:+0.00;-0.00} %")] : Array.Empty<string>()]);
        return table.ToString();
    }

    private static string Table(IReadOnlyDictionary<string, EvaluationResult> tasks)
    {
        var table = new MarkdownTable(["task", "samples:", .. Headers]);
        foreach ((string name, var result) in tasks)
            table.Add([name, NumberFormat.Count(result.Samples), .. Cells(result)]);
        return table.ToString();
    }

    private static string Table(IGrouping<string, EvaluationSlice> slices)
    {
        var table = new MarkdownTable([slices.Key, "samples:", "rate:", .. Headers]);
        foreach (var slice in slices)
            table.Add([slice.Name, NumberFormat.Count(slice.Result.Samples), Format(slice.Rate), .. Cells(slice.Result)]);
        return table.ToString();
    }

    private static string Table(IReadOnlyList<FeatureImportance> importances)
    {
        var table = new MarkdownTable("without", "AUC lost:", "logloss gained:");
        foreach (var importance in importances)
            table.Add(importance.Feature, Format(importance.AucDrop), Format(importance.LogLossRise));
        return table.ToString();
    }

    private static string[] Headers => ["AUC:", "GAUC:", "logloss:", "NE:", "calibration:"];

    private static string[] Cells(EvaluationResult result) => [.. new[] { result.Auc, result.Gauc, result.LogLoss, result.NormalizedEntropy, result.Calibration }.Select(Format)];

    private static string Format(double value) => double.IsNaN(value) ? "–" : FormattableString.Invariant($"{value:0.0000}");
}
