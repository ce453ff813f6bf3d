using System.CommandLine;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Data;
using RecSys.Data.Configuration;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys prepare</c>: turns raw files into a prepared data set.</summary>
internal static class PrepareCommand
{
    private const string DefaultFolder = "prepared";

    public static Command Create()
    {
        Argument<string> config = CommonOptions.Config();
        Option<string[]> set = CommonOptions.Set();
        Option<string?> experiment = CommonOptions.Experiment();
        Option<bool> json = CommonOptions.Json();
        var output = new Option<string?>("--out") { Description = $"Folder of the prepared data set, replaced if it is one; {DefaultFolder}/NAME by default." };
        var command = new Command("prepare", "Turns raw CSV, TSV, libsvm or Parquet files into a prepared data set.") { config, set, experiment, output, json };
        command.SetAction(parsed => Run(
            ConfigNode.Load(parsed.GetRequiredValue(config), parsed.GetValue(set), parsed.GetValue(experiment)),
            parsed.GetValue(output),
            parsed.GetValue(json),
            parsed.InvocationConfiguration.Output));
        return command;
    }

    private static int Run(ConfigNode config, string? folder, bool json, TextWriter output)
    {
        var lines = new JsonLines(output);
        PreparationSummary summary;
        using (ProgressDisplay display = json ? ProgressDisplay.Json(lines, TimeProvider.System) : ProgressDisplay.ForPeople())
            summary = Preparation.Run(config, folder ?? Path.Combine(DefaultFolder, config.String("name")), new PreparationDisplay(display));
        if (json)
            lines.Write("result", Result(summary));
        else
            output.Write(Describe(summary));
        return ExitCode.Success;
    }

    private static Dictionary<string, object> Result(PreparationSummary summary) => new()
    {
        ["dataset"] = summary.Schema.Name,
        ["folder"] = summary.Folder,
        ["rows"] = summary.Schema.RowCounts.ToDictionary(split => Name(split.Key), split => split.Value),
        ["vocabularies"] = summary.Schema.Vocabularies,
        ["base_rate"] = summary.Schema.BaseRate,
        ["bytes"] = summary.ByteCount,
        ["seconds"] = summary.Elapsed.TotalSeconds,
    };

    private static string Describe(PreparationSummary summary)
    {
        var rows = new MarkdownTable("split", "rows:");
        foreach ((DataSplit split, long count) in summary.Schema.RowCounts)
            rows.Add(Name(split), NumberFormat.Count(count));
        var fields = new MarkdownTable("field", "ids:");
        foreach ((string field, long count) in summary.Schema.Vocabularies)
            fields.Add(field, NumberFormat.Count(count));
        return $"{rows}\n{fields}\n{summary.Schema.Name}: {NumberFormat.Bytes(summary.ByteCount)} in {summary.Folder}, {NumberFormat.Duration(summary.Elapsed)}\n";
    }

    private static string Name(DataSplit split) => split.ToString().ToLowerInvariant();

    // Progress{T} would post to other threads and change the order of the stages.
    private sealed class PreparationDisplay(ProgressDisplay display) : IProgress<PreparationProgress>
    {
        public void Report(PreparationProgress value)
        {
            // A stage of one step has nothing to count.
            long total = value.Total > 1 ? value.Total : 0;
            display.Report(new ProgressUpdate(value.Stage, value.Done, total, 0) { Unit = value.Stage is "encode" or "write" ? "rows" : "steps" });
        }
    }
}
