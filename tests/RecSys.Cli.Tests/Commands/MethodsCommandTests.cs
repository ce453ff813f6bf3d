using System.Text.Json;
using RecSys.Embeddings.Methods;

namespace RecSys.Cli.Tests.Commands;

public sealed class MethodsCommandTests
{
    private readonly StringWriter _output = new();
    private readonly StringWriter _error = new();

    [Fact]
    public void Methods_Text_IsAMarkdownTable()
    {
        Assert.Equal(ExitCode.Success, Run("methods"));

        Assert.StartsWith("| name ", _output.ToString(), StringComparison.Ordinal);
        Assert.All(EmbeddingMethods.All, method => Assert.Contains($"\n| `{method.Name}` ", _output.ToString(), StringComparison.Ordinal));
        Assert.Empty(_error.ToString());
    }

    [Fact]
    public void Methods_Json_IsOneLineAMethodAndAResult()
    {
        Assert.Equal(ExitCode.Success, Run("methods", "--json"));

        JsonElement[] lines = [.. _output.ToString().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];
        Assert.Equal(EmbeddingMethods.All.Select(m => m.Name), lines.SkipLast(1).Select(line => line.GetProperty("name").GetString()));
        Assert.Equal("sum, concat, mean", lines.Single(line => line.TryGetProperty("name", out var name) && name.GetString() == "double_hash").GetProperty("options").GetProperty("combine").GetString());
        Assert.Equal("result", lines[^1].GetProperty("event").GetString());
        Assert.Equal(EmbeddingMethods.All.Count, lines[^1].GetProperty("methods").GetInt32());
    }

    [Fact]
    public void Methods_IntoNoDocument_IsBadInput()
    {
        Assert.Equal(ExitCode.BadInput, Run("methods", "--into", "none.md"));
        Assert.Contains("none.md", _error.ToString(), StringComparison.Ordinal);
    }

    private int Run(params string[] args) => CommandLine.Run(CommandLine.CreateRoot(), args, _output, _error);
}
