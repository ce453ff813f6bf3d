using System.CommandLine;
using System.Diagnostics;
using RecSys.Cli.Output;
using RecSys.Cli.Reports;
using RecSys.Training;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys export</c>: the vectors of a run as files for other programs.</summary>
internal static class ExportCommand
{
    private const string Safetensors = "safetensors";
    private const string Parquet = "parquet";

    public static Command Create()
    {
        var run = CommonOptions.Run();
        var format = new Option<string>("--format") { Description = "safetensors: one file with a tensor [ids × dimension] per field. parquet: a folder with a file per field, its columns id, value, count, vector.", Required = true };
        format.AcceptOnlyFromAmong(Safetensors, Parquet);
        var set = new Option<string>("--set") { Description = "Embedding set of the model.", DefaultValueFactory = _ => "embedding" };
        var fields = new Option<string?>("--fields") { Description = "Fields to write, separated by commas; all of the set by default." };
        var output = new Option<string?>("--out") { Description = "File or folder to write, new or empty; RUN/export/SET.safetensors or RUN/export/SET by default." };
        var json = CommonOptions.Json();
        var command = new Command("export", "Writes the vectors of a run's best checkpoint, one per id of every field, for other programs.") { run, format, set, fields, output, json };
        command.SetAction(parsed =>
        {
            using var lookup = EmbeddingLookup.Open(parsed.GetRequiredValue(run), parsed.GetRequiredValue(set));
            var export = new EmbeddingExport(lookup, parsed.GetValue(fields)?.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) ?? []);
            bool isParquet = parsed.GetRequiredValue(format) == Parquet;
            string path = parsed.GetValue(output) ?? Path.Combine(lookup.Directory, "export", isParquet ? lookup.SetName : $"{lookup.SetName}.{Safetensors}");
            Run(export, lookup.Dimension, isParquet, path, parsed.GetValue(json), parsed.InvocationConfiguration.Output);
            return ExitCode.Success;
        });
        return command;
    }

    private static void Run(EmbeddingExport export, int dimension, bool isParquet, string path, bool json, TextWriter output)
    {
        var lines = new JsonLines(output);
        long started = Stopwatch.GetTimestamp();
        using (var display = json ? ProgressDisplay.Json(lines, TimeProvider.System) : ProgressDisplay.ForPeople())
        {
            export.Progress = done => display.Report(new ProgressUpdate("export", done, export.RowCount, done / Stopwatch.GetElapsedTime(started).TotalSeconds) { Unit = "vectors" });
            if (isParquet)
                export.WriteParquet(path);
            else
                export.WriteSafetensors(path);
        }

        long bytes = isParquet ? new DirectoryInfo(path).EnumerateFiles().Sum(f => f.Length) : new FileInfo(path).Length;
        var elapsed = Stopwatch.GetElapsedTime(started);
        if (json)
            lines.Write("result", Result(export, dimension, path, bytes, elapsed));
        else
            output.WriteLine($"{NumberFormat.Count(export.RowCount)} vectors of {dimension} numbers ({string.Join(", ", export.Fields.Select(f => f.Name))}): {NumberFormat.Bytes(bytes)} in {path}, {NumberFormat.Duration(elapsed)}");
    }

    private static Dictionary<string, object> Result(EmbeddingExport export, int dimension, string path, long bytes, TimeSpan elapsed) => new()
    {
        ["output"] = path,
        ["fields"] = export.Fields.ToDictionary(f => f.Name, f => f.VocabularySize),
        ["dimension"] = dimension,
        ["metadata"] = export.Metadata,
        ["bytes"] = bytes,
        ["seconds"] = elapsed.TotalSeconds,
    };
}
