using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

public sealed class EvaluateTests(TrainedWorkspace trained) : IClassFixture<TrainedWorkspace>
{
    [Fact]
    public void Evaluate_Json_HasSlicesAndImportancesBeforeTheResult()
    {
        CommandResult result = CommandProcess.RunRecSys("evaluate", trained.Run, "--slices", "item", "--by", "item", "--importance", "--against", trained.Run, "--json");

        Assert.True(result.ExitCode == 0, result.Error);
        JsonElement[] lines = [.. result.Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];
        Assert.Contains(lines, line => line.GetProperty("event").GetString() == "slice" && line.GetProperty("feature").GetString() == "item");
        Assert.Contains(lines, line => line.GetProperty("event").GetString() == "importance" && line.GetProperty("feature").GetString() == "item");
        Assert.Equal("result", lines[^1].GetProperty("event").GetString());
        Assert.Equal(0, lines[^1].GetProperty("rela_impr").GetDouble());
    }

    [Fact]
    public void Evaluate_UnknownFeature_IsBadInput()
    {
        CommandResult result = CommandProcess.RunRecSys("evaluate", trained.Run, "--slices", "itm");

        Assert.Equal(2, result.ExitCode);
        Assert.Contains("there is no feature 'itm' with ids; did you mean 'item'?", result.Error, StringComparison.Ordinal);
        Assert.Empty(result.Output);
    }
}
