using System.CommandLine;
using System.Text.Json;
using System.Text.Json.Serialization;
using RecSys.Cli.Reports;
using RecSys.Data;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys report</c>: table and plots from the results of many runs.</summary>
internal static class ReportCommand
{
    private static readonly JsonSerializerOptions s_options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    public static Command Create()
    {
        var folder = new Argument<string>("folder") { Description = "Folder with results.jsonl: the 'result' lines of 'recsys train --json'." };
        var command = new Command("report", "Writes report.md and plots from the results.jsonl of a study.") { folder };
        command.SetAction(parsed =>
        {
            string directory = parsed.GetRequiredValue(folder);
            var runs = Read(Path.Combine(directory, "results.jsonl"));
            string report = MemoryAccuracyReport.Write(directory, Path.GetFileName(Path.GetFullPath(directory)), $"./recsys report {directory}", runs);
            parsed.InvocationConfiguration.Output.WriteLine($"report: {report}");
            return ExitCode.Success;
        });
        return command;
    }

    private static List<RunReport> Read(string path)
    {
        if (!File.Exists(path))
            throw new DataException($"{path}: the file does not exist; it holds the 'result' lines of 'recsys train --json'.");
        List<RunReport> runs = [];
        int number = 0;
        foreach (string line in File.ReadLines(path))
        {
            number++;
            try
            {
                using var document = JsonDocument.Parse(line);
                if (document.RootElement.TryGetProperty("event", out var name) && name.GetString() == "result")
                    runs.Add(Parse(document));
            }
            catch (JsonException e)
            {
                throw new DataException($"{path}:{number}: not a result of 'recsys train --json': {e.Message}");
            }
        }

        return runs.Count > 0 ? runs : throw new DataException($"{path}: there is no 'result' line.");
    }

    // A metric that could not be computed (no group column) is null in the line.
    private static RunReport Parse(JsonDocument line)
    {
        var values = line.RootElement.EnumerateObject().ToDictionary(p => p.Name, p => p.Value.ValueKind == JsonValueKind.Null ? "\"NaN\"" : p.Value.GetRawText());
        values.Remove("event");
        string json = $"{{{string.Join(',', values.Select(v => $"\"{v.Key}\":{v.Value}"))}}}";
        return JsonSerializer.Deserialize<RunReport>(json, s_options)!;
    }
}
