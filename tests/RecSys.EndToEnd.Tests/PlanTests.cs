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
}
