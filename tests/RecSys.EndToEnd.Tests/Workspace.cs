using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

/// <summary>A temporary folder with a small click log and the configurations to prepare it and to train on it.</summary>
internal sealed class Workspace : IDisposable
{
    private static readonly string[] s_header = ["user,item,price,label"];

    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-work").FullName;

    /// <summary>Writes <c>log.csv</c>, <c>data.yaml</c> and <c>run.yaml</c>.</summary>
    /// <param name="rowCount">Rows of the log.</param>
    public Workspace(int rowCount = 1000)
    {
        File.WriteAllLines(PathOf("log.csv"), s_header.Concat(Enumerable.Range(0, rowCount).Select(Row)));
        File.WriteAllText(PathOf("data.yaml"), $$"""
            name: small
            root: {{_folder}}
            sources:
              log: {path: log.csv}
            label: {column: label}
            group: user
            features:
              - {columns: [user, item]}
              - {name: price, type: numeric}
            split: {by: random, validation: 0.1, test: 0.1}
            """);
        File.WriteAllText(PathOf("run.yaml"), $$"""
            dataset: {path: {{PathOf("prepared")}}}
            model: {name: deepfm, hidden_units: [8]}
            embedding:
              dimension: 8
              method: {name: full}
            train:
              batch_size: 100
              seed: 7
            """);
    }

    public string PathOf(string name) => Path.Combine(_folder, name);

    /// <summary>Puts other text in the place of some text of a file, which has to be there once.</summary>
    public void Replace(string name, string old, string replacement)
    {
        string text = File.ReadAllText(PathOf(name));
        Assert.Equal(2, text.Split(old).Length);
        File.WriteAllText(PathOf(name), text.Replace(old, replacement, StringComparison.Ordinal));
    }

    /// <summary>Puts another line in the place of a line, counted from 1.</summary>
    public void ReplaceLine(string name, int line, string text)
    {
        string[] lines = File.ReadAllLines(PathOf(name));
        lines[line - 1] = text;
        File.WriteAllLines(PathOf(name), lines);
    }

    /// <summary>Shortens a file.</summary>
    public void Truncate(string name, long byteCount)
    {
        using FileStream stream = File.OpenWrite(PathOf(name));
        Assert.True(byteCount < stream.Length);
        stream.SetLength(byteCount);
    }

    /// <summary>Copies a folder of another workspace.</summary>
    public void CopyFolder(Workspace source, string name, string? newName = null)
    {
        foreach (string file in Directory.EnumerateFiles(source.PathOf(name), "*", SearchOption.AllDirectories))
        {
            string target = Path.Combine(PathOf(newName ?? name), Path.GetRelativePath(source.PathOf(name), file));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(file, target);
        }
    }

    /// <summary>Runs a command that has to succeed, with <c>--json</c>.</summary>
    /// <returns>Its last line: the result.</returns>
    public static JsonElement RunToResult(params string[] args)
    {
        CommandResult result = CommandProcess.RunRecSys([.. args, "--json"]);
        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement last = JsonDocument.Parse(result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Equal("result", last.GetProperty("event").GetString());
        return last;
    }

    /// <summary>Runs <c>recsys prepare</c> on the log.</summary>
    public void Prepare() => RunToResult("prepare", PathOf("data.yaml"), "--out", PathOf("prepared"));

    /// <summary>
    /// Runs a command that has to end with 2, one line on standard error with all these texts, no result, and the workspace as it was.
    /// </summary>
    public void AssertBadInput(string[] args, params string[] messages)
    {
        string[] before = Contents();

        CommandResult result = CommandProcess.RunRecSys(args);

        Assert.True(result.ExitCode == 2, $"exit code {result.ExitCode}: {result.Error}");
        string error = Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries), line => line.StartsWith("error: ", StringComparison.Ordinal));
        Assert.All(messages, message => Assert.Contains(message, error, StringComparison.Ordinal));
        Assert.DoesNotContain("RECSYS_TRACE", error, StringComparison.Ordinal);
        Assert.DoesNotContain("\"result\"", result.Output, StringComparison.Ordinal);
        Assert.Equal(before, Contents());
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    // Users and items have effects of their own, so that there is something to learn.
    private static string Row(int row)
    {
        int user = row * 7 % 41;
        int item = row * 11 % 89;
        int noise = row * 37 % 10;
        int label = (user * 5 % 10) + (item * 3 % 10) + noise > 13 ? 1 : 0;
        return new StringBuilder().Append(CultureInfo.InvariantCulture, $"u{user},i{item},{noise}.5,{label}").ToString();
    }

    private string[] Contents()
        => [.. new DirectoryInfo(_folder).EnumerateFileSystemInfos("*", SearchOption.AllDirectories)
            .Select(entry => FormattableString.Invariant($"{entry.FullName} {(entry as FileInfo)?.Length}")).Order(StringComparer.Ordinal)];
}
