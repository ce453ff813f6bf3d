using System.Collections.Concurrent;
using System.Globalization;
using RecSys.Serving.Client;
using RecSys.Training;
using RecSys.Training.Checkpoints;

namespace RecSys.Serving.Tests.Models;

public sealed class HotSwapTests(TrainedRuns runs) : IClassFixture<TrainedRuns>
{
    private static readonly LookupRequest s_request = new() { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds([.. Enumerable.Range(1, 100).Select(i => (long)i)]) } };

    [Fact]
    public async Task Current_Switched_IsServedWithoutBeingAsked()
    {
        string run = runs.Copy();
        Switch(run, runs.Steps[0]);
        await using var server = await TestServer.StartAsync(run);
        Assert.Equal(Text(runs.Steps[0]), await VersionAsync(server));

        Switch(run, runs.Steps[1]);

        await WaitForAsync(server, runs.Steps[1]);
        Assert.Equal(Vectors(run, runs.Steps[1]), await LookUpAsync(server));
    }

    [Fact]
    public async Task Current_Damaged_LeavesTheFormerVersion()
    {
        string run = runs.Copy();
        Switch(run, runs.Steps[0]);
        await using var server = await TestServer.StartAsync(run);
        string tables = Path.Combine(run, "checkpoints", runs.Steps[1].ToString("D9", CultureInfo.InvariantCulture), CheckpointFiles.Tables);
        byte[] whole = await File.ReadAllBytesAsync(tables);
        await File.WriteAllBytesAsync(tables, [.. whole[..^1], (byte)~whole[^1]]);

        Switch(run, runs.Steps[1]);
        var (status, body) = await server.PostAsync("/v2/repository/models/tiny/load", "");

        Assert.Equal(404, status);
        Assert.Contains("does not match its checksum", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(Text(runs.Steps[0]), await VersionAsync(server));

        await File.WriteAllBytesAsync(tables, whole);
        await WaitForAsync(server, runs.Steps[1]);
    }

    // The first version is not kept waiting for its checksums, but does not escape them.
    [Fact]
    public async Task First_Damaged_ServesNoMoreUntilAnotherIsLoaded()
    {
        string run = runs.Copy();
        Switch(run, runs.Steps[0]);
        string tables = Path.Combine(run, "checkpoints", runs.Steps[0].ToString("D9", CultureInfo.InvariantCulture), CheckpointFiles.Tables);
        byte[] whole = await File.ReadAllBytesAsync(tables);
        await File.WriteAllBytesAsync(tables, [.. whole[..^1], (byte)~whole[^1]]);
        await using var server = await TestServer.StartAsync(run);

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await server.Client.IsReadyAsync())
            await Task.Delay(5, limit.Token);
        var (status, _) = await server.PostAsync("/v2/repository/models/tiny/load", $$"""{"parameters": {"version": "{{runs.Steps[1]}}"} }""");

        Assert.Equal(200, status);
        Assert.Equal(Text(runs.Steps[1]), await VersionAsync(server));
    }

    [Fact]
    public async Task Load_FormerVersion_StaysUntilTheNewestIsAskedFor()
    {
        string run = runs.Copy();
        Switch(run, runs.Steps[2]);
        await using var server = await TestServer.StartAsync(run);

        var (back, body) = await server.PostAsync("/v2/repository/models/tiny/load", $$"""{"parameters": {"version": "{{runs.Steps[0]}}"} }""");
        Assert.Equal(200, back);
        Assert.Equal(Text(runs.Steps[0]), body.GetProperty("version").GetString());
        Switch(run, runs.Steps[1]);
        await Task.Delay(200);
        Assert.Equal(Text(runs.Steps[0]), await VersionAsync(server));
        Assert.Equal(Vectors(run, runs.Steps[0]), await LookUpAsync(server));

        await server.PostAsync("/v2/repository/models/tiny/load", "");
        Assert.Equal(Text(runs.Steps[1]), await VersionAsync(server));
        Assert.Equal([.. runs.Steps.Select(Text).Order(StringComparer.Ordinal)], (await server.GetAsync("/v1/models"))[0].GetProperty("versions").EnumerateArray().Select(v => v.GetProperty("version").GetString()!).Order(StringComparer.Ordinal));
        foreach (long step in runs.Steps)
            Assert.Equal(Vectors(run, step), await LookUpAsync(server, Text(step)));
    }

    [Fact]
    public async Task Load_MissingVersion_SaysSo()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        var (missing, body) = await server.PostAsync("/v2/repository/models/tiny/load", """{"parameters": {"version": "7"}}""");
        var (wrong, other) = await server.PostAsync("/v2/repository/models/tiny/load", """{"parameters": {"version": "../7"}}""");

        Assert.Equal(404, missing);
        Assert.Contains("the checkpoint of step 7 is missing", body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Assert.Equal(400, wrong);
        Assert.Contains("'../7' is no version", other.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Unload_Model_IsNotReadyUntilLoaded()
    {
        await using var server = await TestServer.StartAsync(runs.Folder);

        await server.PostAsync("/v2/repository/models/tiny/unload", "");

        Assert.False(await server.Client.IsReadyAsync());
        Assert.Equal(503, (await server.PostAsync("/v1/lookup", """{"features": {"item": [1]}}""")).Status);
        Assert.Equal(200, (await server.PostAsync("/v2/repository/models/tiny/load", "")).Status);
        Assert.True(await server.Client.IsReadyAsync());
    }

    // A reply is of one version, whatever happens meanwhile, and old versions close.
    [Fact]
    public async Task Switching_UnderLoad_MixesNoVersions()
    {
        string run = runs.Copy();
        Switch(run, runs.Steps[0]);
        await using var server = await TestServer.StartAsync(TestServer.Options(run) with { KeptVersions = 1, MaxQueuedRequests = 1000 });
        var expected = runs.Steps.ToDictionary(Text, s => Vectors(run, s));
        var seen = new ConcurrentDictionary<string, int>();
        using var stop = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, 4).Select(c => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var reply = await server.Client.LookupAsync(s_request);
                Assert.Equal(expected[reply.ModelVersion], VectorsOf(reply));
                var scores = await server.Client.ScoreAsync(new ScoreRequest { Features = new Dictionary<string, object?>() });
                seen.AddOrUpdate(scores.ModelVersion, 1, (_, n) => n + 1);
            }
        }))];

        for (int i = 1; i <= 30; i++)
        {
            Switch(run, runs.Steps[i % 3]);
            await WaitForAsync(server, runs.Steps[i % 3]);
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.Equal(3, seen.Count);
        Assert.Single((await server.GetAsync("/v1/models"))[0].GetProperty("versions").EnumerateArray());
    }

    private static string Text(long step) => step.ToString(CultureInfo.InvariantCulture);

    // As the trainer does it: by a rename.
    private static void Switch(string run, long step)
    {
        var current = new CheckpointStore(run).ReadCurrent()!;
        RecSys.Embeddings.Memory.SealedJson.Write(Path.Combine(run, "current.json"), current with { Best = step });
    }

    private static async Task<string> VersionAsync(TestServer server) => (await server.Client.LookupAsync(s_request)).ModelVersion;

    private static async Task<float[][]> LookUpAsync(TestServer server, string? version = null) => VectorsOf(await server.Client.LookupAsync(s_request with { Version = version }));

    private static float[][] VectorsOf(LookupReply reply) => [.. reply.Features["item"].Vectors.Select(v => v.ToArray())];

    private static float[][] Vectors(string run, long step)
    {
        using var open = ServableRun.Open(run, step);
        return open.Lookup("embedding").LookUp("item", [.. Enumerable.Range(1, 100).Select(i => (long)i)]);
    }

    private static async Task WaitForAsync(TestServer server, long step)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (await VersionAsync(server) != Text(step))
            await Task.Delay(5, limit.Token);
    }
}
