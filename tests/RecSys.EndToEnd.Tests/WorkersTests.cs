using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using RecSys.Embeddings.Memory;

namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys train --workers</c>: several processes train one model, its rows on shard servers or spread over them.</summary>
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

    // The same samples in each step: what differs is the order in which gradients are added up.
    [Theory]
    [InlineData("full", "row_wise_adagrad")]
    [InlineData("{name: qr, budget: 0.3}", "lazy_adam")]
    [InlineData("{name: unified, budget: 0.3}", "adagrad")]
    public void Train_TwoWorkersWithoutServers_IsOneWithTwiceTheBatch(string method, string optimizer)
    {
        string[] same = ["train", _work.PathOf("run.yaml"), "--set", "train.max_steps=60", "--set", $"embedding.method={method}", "--set", $"sparse_optimizer={{name: {optimizer}, learning_rate: 0.02}}"];

        var one = Workspace.RunToResult([.. same, "--out", _work.PathOf("one"), "--set", "train.batch_size=200"]);
        var two = Workspace.RunToResult([.. same, "--out", _work.PathOf("two"), "--workers", "2"]);

        foreach (string name in new[] { "logloss", "validation_logloss" })
            Assert.Equal(one.GetProperty(name).GetDouble(), two.GetProperty(name).GetDouble(), 1e-6);
        Assert.Equal(60, two.GetProperty("steps").GetInt64());
        // Not the AUC: one pair of samples the other way round is more than 1e-6 of it.
        Assert.Equal(Scores("one"), Scores("two"), (x, y) => Math.Abs(x - y) < 1e-6);
        using var rows = Tables("one");
        using var exchanged = Tables("two");
        foreach (string table in rows.Tensors.Keys)
            Assert.Equal(rows.Read<float>(table).ToArray(), exchanged.Read<float>(table).ToArray(), (x, y) => Math.Abs(x - y) < 1e-6);
    }

    // The second worker is killed after the first checkpoint: the launcher ends the other and starts both from there.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Train_WorkerKilled_GoesOnFromTheCheckpoint(bool onServers)
    {
        string[] args = [.. onServers ? Train("two") : ["train", _work.PathOf("run.yaml"), "--out", _work.PathOf("two")], "--workers", "2", "--restarts", "1", "--json"];
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
    public void Train_MethodOfSeveralPhases_IsRefused()
    {
        _work.AssertBadInput([.. Train("none"), "--workers", "2", "--set", "embedding.method={name: pep, budget: 0.5}"], "several phases");
    }

    public void Dispose()
    {
        _servers.ForEach(s => s.Dispose());
        _work.Dispose();
    }

    // Of all rows of the log.
    private double[] Scores(string run)
    {
        Workspace.RunToResult("predict", _work.PathOf(run), "--input", _work.PathOf("log.csv"), "--output", _work.PathOf("scores.csv"));
        return [.. File.ReadLines(_work.PathOf("scores.csv")).Skip(1).Select(line => double.Parse(line, CultureInfo.InvariantCulture))];
    }

    // Of the last checkpoint.
    private SafetensorsFile Tables(string run) => SafetensorsFile.Open(Directory.GetFiles(_work.PathOf(run), "tables.safetensors", SearchOption.AllDirectories).Max(StringComparer.Ordinal)!);

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
