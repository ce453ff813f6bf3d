using RecSys.Cli.Bench;
using RecSys.Cli.Output;
using RecSys.Cli.Tests.Bench;
using RecSys.Data;

namespace RecSys.Cli.Tests.Output;

public sealed class ResultLineTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    [Fact]
    public void Read_WhatJsonLinesWrote_IsEqual()
    {
        var expected = BenchLines.Create("din", 10, 1, 2, 3).Against(1.5) with
        {
            Baselines = [new TwinFigure("adagrad", TwinSettings.AsInstalled, [1, 2], double.NaN)],
            LeftOut = new Dictionary<string, string> { ["dense_adam"] = "needs too much" },
        };
        using (var writer = File.CreateText(_path))
        {
            var lines = new JsonLines(writer);
            lines.Write("recsys", new { Rows = 1 });
            lines.Write("result", expected);
        }

        var line = Assert.Single(ResultLine.Read(_path));

        Assert.Equal("train", line.Bench);
        Assert.Equivalent(expected, line.As<TrainBenchLine>(), strict: true);
    }

    [Fact]
    public void Read_AnotherEvent_HasItsLinesOnly()
    {
        var expected = new UnreachableBudget("data", "fm", "pep", "0.1", 412_345);
        using (var writer = File.CreateText(_path))
        {
            var lines = new JsonLines(writer);
            lines.Write("result", new { Rows = 1 });
            lines.Write("unreachable", expected);
        }

        Assert.Equal(expected, Assert.Single(ResultLine.Read(_path, ResultLine.Unreachable)).As<UnreachableBudget>());
        Assert.Empty(ResultLine.Read(_path, "epoch"));
    }

    [Theory]
    [InlineData("", "no 'result' line")]
    [InlineData("{\"event\":\"result\"", ":1: not a result")]
    public void Read_BrokenFile_SaysWhere(string text, string message)
    {
        File.WriteAllText(_path, text);

        Assert.Contains(message, Assert.Throws<DataException>(() => ResultLine.Read(_path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void As_MissingProperty_SaysWhich()
    {
        File.WriteAllText(_path, "{\"event\":\"result\"}");

        var error = Assert.Throws<DataException>(() => ResultLine.Read(_path)[0].As<TrainBenchLine>());
        Assert.Contains("model", error.Message, StringComparison.Ordinal);
    }

    public void Dispose() => File.Delete(_path);
}
