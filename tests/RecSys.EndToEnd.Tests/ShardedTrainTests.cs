using System.Text.RegularExpressions;

namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys train</c> with its rows on shard servers: three real processes on this machine.</summary>
public sealed class ShardedTrainTests : IDisposable
{
    private static readonly TimeSpan s_timeLimit = TimeSpan.FromMinutes(2);
    private readonly Workspace _work = new(rowCount: 20_000);
    private readonly List<ShardProcess> _servers = [];

    [Fact]
    public void Train_OnShardServers_GivesTheFilesOfOneProcess()
    {
        string expected = TrainHere();
        Start("snapshot");

        Workspace.RunToResult(Train("sharded"));

        AssertSameFiles(expected, _work.PathOf("sharded"));
    }

    // The commands of the cluster, while a model is trained: what is there, and all buckets onto two of three nodes.
    [Fact]
    public async Task Reshard_WhileTraining_GivesTheFilesOfOneProcess()
    {
        string expected = TrainHere(epochs: 6);
        Start("log");
        string[] cluster = [_work.PathOf("run.yaml"), .. Train("sharded")[^2..]];
        Assert.Equal(3, Workspace.RunToResult(["cluster", "plan", .. cluster]).GetProperty("nodes").GetInt32());
        var training = Task.Run(() => Workspace.RunToResult(Train("sharded")));
        string model = "";
        while (model.Length == 0 && !training.IsCompleted)
            model = Regex.Match(CommandProcess.RunRecSys(["cluster", "status", .. cluster, "--json"]).Output, "\"model\":\"([^\"]+)").Groups[1].Value;

        var result = Workspace.RunToResult(["cluster", "reshard", cluster[0], model, .. cluster[1..], "--to", "node-0,node-2"]);

        Assert.InRange(result.GetProperty("moves").GetInt32(), 85, 170);
        await training;
        AssertSameFiles(expected, _work.PathOf("sharded"));
    }

    [Fact]
    public Task Train_ServersKilled_GivesTheFilesOfOneProcess() => KillServersAsync(kills: 3);

    [Fact]
    [Trait("Category", "Long")]
    public Task Train_ServersKilledManyTimes_GivesTheFilesOfOneProcess() => KillServersAsync(kills: 200);

    [Fact]
    public void Train_TrainerKilledAndResumed_GivesTheFilesOfOneProcess() => KillTrainer(kills: 2);

    [Fact]
    [Trait("Category", "Long")]
    public void Train_TrainerKilledManyTimes_ResumesEachTime() => KillTrainer(kills: 200);

    public void Dispose()
    {
        _servers.ForEach(s => s.Dispose());
        _work.Dispose();
    }

    // Servers that are killed come back with every update that they had acknowledged, and the trainer waits for them.
    private async Task KillServersAsync(int kills)
    {
        string expected = TrainHere();
        Start("log");
        var random = new Random(3);
        for (int runs = 0; kills > 0; runs++)
        {
            string run = $"sharded-{runs}";
            var training = Task.Run(() => Workspace.RunToResult(Train(run)));
            while (!training.IsCompleted && kills > 0)
            {
                await Task.Delay(random.Next(300, 900));
                _servers[random.Next(_servers.Count)].KillAndRestart();
                kills--;
            }

            await training;
            AssertSameFiles(expected, _work.PathOf(run));
        }
    }

    private void KillTrainer(int kills)
    {
        string expected = TrainHere();
        Start("log");
        string run = _work.PathOf("sharded");
        string current = Path.Combine(run, "current.json");
        var random = new Random(5);
        for (int kill = 0; kill < kills; kill++)
        {
            // Once there is a checkpoint, at any moment of the work after it; the run may end before.
            string before = File.Exists(current) ? File.ReadAllText(current) : "";
            long wait = 0;
            var ended = CommandProcess.KillRecSys(() => File.Exists(current) && File.ReadAllText(current) != before && ++wait > random.Next(200), s_timeLimit, kill == 0 ? Train("sharded") : [.. Train("sharded"), "--resume"]);
            Assert.True(ended.ExitCode == 0 || ended.ExitCode == InterruptedRun.ExitCodeOfKilled, $"kill {kill}: exit code {ended.ExitCode}: {ended.Error}");

            // Begun anew where it has ended before it was killed.
            if (ended.ExitCode == 0)
                File.Delete(current);
        }

        Workspace.RunToResult([.. Train("sharded"), "--resume"]);
        AssertSameFiles(expected, run);
    }

    private void Start(string durability)
    {
        for (int n = 0; n < 3; n++)
            _servers.Add(new ShardProcess($"node-{n}", _work.PathOf($"node-{n}"), durability));
    }

    private string TrainHere(int epochs = 2)
    {
        _work.Replace("run.yaml", "batch_size: 100", $"batch_size: 100\n  epochs: {epochs}\n  checkpoint_every_steps: 40");
        _work.Replace("run.yaml", "name: full", "name: qr, budget: 0.6");
        _work.Prepare();
        Workspace.RunToResult("train", _work.PathOf("run.yaml"), "--out", _work.PathOf("here"));
        return _work.PathOf("here");
    }

    private string[] Train(string run) => ["train", _work.PathOf("run.yaml"), "--out", _work.PathOf(run), "--set", $"cluster.nodes={{{string.Join(", ", _servers.Select(s => $"{s.Name}: '{s.Url}'"))}}}"];

    private static void AssertSameFiles(string expected, string actual)
    {
        string[] files = [.. Directory.EnumerateFiles(Path.Combine(expected, "checkpoints"), "*.safetensors", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(expected, f))];
        Assert.NotEmpty(files);
        Assert.All(files, file => Assert.True(File.ReadAllBytes(Path.Combine(expected, file)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(actual, file))), file));
    }
}
