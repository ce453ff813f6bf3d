using System.Diagnostics;
using System.Text.Json;

namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys train --workers</c>: several processes train one model, its rows on shard servers.</summary>
public sealed class WorkersTests : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(2);
    private readonly Workspace _work = new(rowCount: 20_000);
    private readonly List<ShardProcess> _servers = [];

    public WorkersTests()
    {
        _work.Replace("run.yaml", "batch_size: 100", "batch_size: 100\n  epochs: 3\n  checkpoint_every_steps: 20");
        _work.Prepare();
        for (int n = 0; n < 3; n++)
            _servers.Add(new ShardProcess($"node-{n}", _work.PathOf($"node-{n}"), "log"));
    }

    // With transfers that overlap; the test below trains without.
    [Fact]
    public void Train_TwoWorkers_LearnAsOneDoes()
    {
        var one = Workspace.RunToResult("train", _work.PathOf("run.yaml"), "--out", _work.PathOf("one"));

        var two = Workspace.RunToResult([.. Train("two"), "--workers", "2", "--set", "cluster.staleness=2"]);

        Assert.InRange(two.GetProperty("auc").GetDouble(), one.GetProperty("auc").GetDouble() - 0.02, 1);
        Assert.InRange(two.GetProperty("steps").GetInt64(), one.GetProperty("steps").GetInt64() / 2 - 3, one.GetProperty("steps").GetInt64() / 2);
        var evaluated = Workspace.RunToResult("evaluate", _work.PathOf("two"));
        Assert.Equal(two.GetProperty("auc").GetDouble(), evaluated.GetProperty("auc").GetDouble(), 1e-9);
    }

    // The second worker is killed after the first checkpoint: the launcher ends the other and starts both from there.
    [Fact]
    public async Task Train_WorkerKilled_GoesOnFromTheCheckpoint()
    {
        string[] args = [.. Train("two"), "--workers", "2", "--restarts", "1", "--json"];
        using var launcher = CommandProcess.StartRecSys(args);
        var lines = launcher.StandardOutput.ReadToEndAsync();
        var errors = launcher.StandardError.ReadToEndAsync();
        Assert.True(SpinWait.SpinUntil(() => File.Exists(_work.PathOf("two/current.json")) || launcher.HasExited, s_timeLimit));

        Kill(launcher.Id, "RANK=1");

        await launcher.WaitForExitAsync().WaitAsync(s_timeLimit);
        string error = await errors;
        Assert.True(launcher.ExitCode == 0, error);
        Assert.Contains("restart 1 of 1", error, StringComparison.Ordinal);
        var result = JsonDocument.Parse((await lines).Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1]).RootElement;
        Assert.Equal("result", result.GetProperty("event").GetString());
        Assert.InRange(result.GetProperty("auc").GetDouble(), 0.6, 1);
    }

    [Fact]
    public void Train_WorkersWithoutWhatTheyNeed_IsRefused()
    {
        _work.AssertBadInput(["train", _work.PathOf("run.yaml"), "--out", _work.PathOf("none"), "--workers", "2"], "several workers share their rows on shard servers");
        _work.AssertBadInput([.. Train("none"), "--workers", "2", "--set", "embedding.method={name: pep, budget: 0.5}"], "several phases");
    }

    public void Dispose()
    {
        _servers.ForEach(s => s.Dispose());
        _work.Dispose();
    }

    private static void Kill(int launcher, string variable)
    {
        foreach (var process in Process.GetProcesses())
        {
            using (process)
            {
                string folder = $"/proc/{process.Id}";
                try
                {
                    if (File.ReadAllText($"{folder}/stat").Split(' ')[3] == $"{launcher}" && File.ReadAllText($"{folder}/environ").Split('\0').Contains(variable))
                        process.Kill();
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    // It has ended meanwhile.
                }
            }
        }
    }

    private string[] Train(string run) => ["train", _work.PathOf("run.yaml"), "--out", _work.PathOf(run), "--set", $"cluster.nodes={{{string.Join(", ", _servers.Select(s => $"{s.Name}: '{s.Url}'"))}}}"];
}
