using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

public sealed class PlanTests(TrainedWorkspace trained) : IClassFixture<TrainedWorkspace>, IDisposable
{
    private readonly Workspace _work = new();

    public void Dispose() => _work.Dispose();

    [Theory]
    [InlineData("{name: qr, budget: 0.5}", 0)]
    [InlineData("{name: deeplight, budget: 0.5}", 1)]
    public void Plan_Bytes_AreThoseOfTheRun(string method, long leastAuxiliary)
    {
        string[] args = [trained.Work.PathOf("run.yaml"), "--set", $"embedding.method={method}"];

        JsonElement planned = Workspace.RunToResult(["plan", .. args]);
        JsonElement result = Workspace.RunToResult(["train", .. args, "--out", _work.PathOf("run")]);

        foreach (string name in (string[])["embedding_bytes", "embedding_auxiliary_bytes", "embedding_bytes_training", "embedding_bytes_disk", "compression_ratio"])
            Assert.Equal(planned.GetProperty(name).GetDouble(), result.GetProperty(name).GetDouble());
        Assert.InRange(result.GetProperty("embedding_auxiliary_bytes").GetInt64(), leastAuxiliary, result.GetProperty("embedding_bytes").GetInt64());
        Assert.True(result.GetProperty("embedding_bytes_disk").GetInt64() > result.GetProperty("embedding_bytes").GetInt64());
    }

    // Of a GPU that need not be there.
    [Theory]
    [InlineData("0", "host")]
    [InlineData("0.1", "cached_host")]
    public void Plan_Gpu_SaysWhereTablesGoAndTheirBytes(string cacheLoadFactor, string place)
    {
        string[] args = [trained.Work.PathOf("run.yaml"), "--set", "train.device=cuda", "--set", "train.host_tables=[embedding/*]", "--set", $"train.cache_load_factor={cacheLoadFactor}", "--json"];

        JsonElement[] lines = [.. CommandProcess.RunRecSys(["plan", .. args]).Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement)];

        JsonElement[] tables = [.. lines.Where(l => l.GetProperty("event").GetString() == "table")];
        Assert.All(tables, t => Assert.Equal(t.GetProperty("name").GetString()!.StartsWith("embedding/", StringComparison.Ordinal) ? place : "gpu", t.GetProperty("place").GetString()));
        long expected = tables.Sum(t =>
        {
            long rowCount = t.GetProperty("row_count").GetInt64();
            long onGpu = t.GetProperty("place").GetString() == "gpu" ? rowCount : t.GetProperty("cached_rows").GetInt64();
            Assert.Equal(t.GetProperty("place").GetString() == "host" ? 0 : rowCount, onGpu);
            return (t.GetProperty("parameters").GetInt64() + t.GetProperty("state").GetInt64()) / rowCount * onGpu;
        });
        Assert.True(expected > 0);
        Assert.Equal(expected, lines[^1].GetProperty("gpu_bytes").GetInt64());
    }
}
