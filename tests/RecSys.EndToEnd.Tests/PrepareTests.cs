using System.Globalization;
using System.Text;
using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

public sealed class PrepareTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("recsys-prepare").FullName;

    public PrepareTests()
    {
        var log = new StringBuilder("user,item,label\n");
        for (int row = 0; row < 1000; row++)
            log.Append(CultureInfo.InvariantCulture, $"u{row * 7 % 40},i{row * 11 % 90},{row % 2}\n");
        File.WriteAllText(PathOf("log.csv"), log.ToString());
        File.WriteAllText(PathOf("small.yaml"), $$"""
            name: small
            root: {{_folder}}
            sources:
              log: {path: log.csv}
            label: {column: label}
            group: user
            features:
              - {columns: [user, item]}
            split: {by: random, validation: 0.1, test: 0.1}
            """);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Prepare_Json_WritesTheFolderAndEndsWithTheResult()
    {
        CommandResult result = CommandProcess.RunRecSys("prepare", PathOf("small.yaml"), "--out", PathOf("prepared"), "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement[] lines = [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.All(lines[..^1], line => Assert.Equal("progress", line.GetProperty("event").GetString()));
        Assert.Equal("result", lines[^1].GetProperty("event").GetString());
        Assert.Equal(800, lines[^1].GetProperty("rows").GetProperty("train").GetInt64());
        Assert.Equal(91, lines[^1].GetProperty("vocabularies").GetProperty("item").GetInt64());
        Assert.True(File.Exists(PathOf("prepared/schema.json")));
    }

    [Fact]
    public void Prepare_ForPeople_PrintsTablesAndKeepsProgressApart()
    {
        CommandResult result = CommandProcess.RunRecSys("prepare", PathOf("small.yaml"), "--out", PathOf("prepared"));

        Assert.Equal(0, result.ExitCode);
        Assert.Contains("| train      |  800 |", result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("encode", result.Output, StringComparison.Ordinal);
        Assert.Contains("encode", result.Error, StringComparison.Ordinal);
    }

    [Fact]
    public void Prepare_UnknownKey_EndsWithTwoAndNamesTheNearest()
    {
        File.AppendAllText(PathOf("small.yaml"), "\ngruop: user\n");

        AssertBadInput($"error: {PathOf("small.yaml")}:10: gruop: unknown key; did you mean 'group'?", "prepare", PathOf("small.yaml"), "--out", PathOf("prepared"));
    }

    [Fact]
    public void Prepare_UnknownOverride_EndsWithTwo()
        => AssertBadInput("error: --set: gruop: unknown key; did you mean 'group'?", "prepare", PathOf("small.yaml"), "--set", "gruop=user", "--out", PathOf("prepared"));

    [Fact]
    public void Prepare_MissingConfiguration_EndsWithTwo() => AssertBadInput($"error: {PathOf("none.yaml")}:1: file not found", "prepare", PathOf("none.yaml"));

    [Fact]
    public void Prepare_NoConfiguration_EndsWithTwo() => AssertBadInput("error: Required argument missing", "prepare");

    private static void AssertBadInput(string message, params string[] args)
    {
        CommandResult result = CommandProcess.RunRecSys(args);

        Assert.Equal(2, result.ExitCode);
        Assert.StartsWith(message, result.Error, StringComparison.Ordinal);
        Assert.Single(result.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries));
        Assert.Empty(result.Output);
    }

    private string PathOf(string name) => Path.Combine(_folder, name);
}
