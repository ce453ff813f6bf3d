using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

public sealed class CompressTests(TrainedWorkspace trained) : IClassFixture<TrainedWorkspace>, IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Fact]
    public void Compress_Json_ReportsBothRuns_AndTheOtherCommandsWorkOnTheNewOne()
    {
        string target = _work.PathOf("small");

        JsonElement result = Workspace.RunToResult("compress", trained.Run, "--method", "low_dimension", "--budget", "0.7", "--set", "embedding.method.projection=per_field", "--out", target);

        Assert.Equal("low_dimension (projection: per_field)", result.GetProperty("method").GetString());
        Assert.Equal(target, result.GetProperty("run").GetString());
        Assert.Equal("full", result.GetProperty("before").GetProperty("method").GetString());
        Assert.InRange(result.GetProperty("embedding_bytes").GetInt64(), 1, 0.7 * result.GetProperty("before").GetProperty("embedding_bytes").GetInt64());
        Assert.Equal(0, result.GetProperty("embedding_auxiliary_bytes").GetInt64());
        Assert.All([result, result.GetProperty("before")], run => Assert.True(run.GetProperty("lookup_nanoseconds").GetDouble() > 0));
        JsonElement evaluated = Workspace.RunToResult("evaluate", target);
        Assert.Equal(evaluated.GetProperty("auc").GetDouble(), result.GetProperty("auc").GetDouble());
        Assert.Equal(evaluated.GetProperty("logloss").GetDouble(), result.GetProperty("logloss").GetDouble());
        Workspace.RunToResult("predict", target, "--input", _work.PathOf("log.csv"), "--output", _work.PathOf("scores.csv"));
        Assert.Equal(90, Workspace.RunToResult("export", target, "--format", "safetensors").GetProperty("fields").GetProperty("item").GetInt64());
    }

    [Fact]
    public void Compress_Precision_WritesATable()
    {
        CommandResult result = CommandProcess.RunRecSys("compress", trained.Run, "--precision", "int8", "--out", _work.PathOf("coded"));

        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains("| after  | full, int8 |", result.Output, StringComparison.Ordinal);
        Assert.EndsWith($"run: {_work.PathOf("coded")}\n", result.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("hash", "0.5", "valid: full, low_dimension, mixed_dimension, tt_rec, dedup, dpq, mgqe, deeplight")]
    [InlineData("dedup", "1.5", "Budget '1.5'")]
    [InlineData("dedup", "1B", "the smallest possible is")]
    public void Compress_NotPossible_SaysWhatIs(string method, string budget, string message)
        => _work.AssertBadInput(["compress", trained.Run, "--method", method, "--budget", budget, "--out", _work.PathOf("new"), "--json"], message);

    [Fact]
    public void Compress_OutputTaken_LeavesItAlone()
        => _work.AssertBadInput(["compress", trained.Run, "--precision", "int8", "--out", _work.PathOf("")], "holds files, and is left alone");

    [Fact]
    public void Compress_NoRun_NamesTheFolder()
        => _work.AssertBadInput(["compress", _work.PathOf("none"), "--precision", "int8"], _work.PathOf("none"));
}
