using System.Text.Json;
using RecSys.Serving.Client;

namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys serve</c> in front of real shard servers, which a run was trained on.</summary>
public sealed class ServeClusterTests : IDisposable
{
    private readonly Workspace _work = new();
    private readonly ShardProcess[] _servers;

    public ServeClusterTests() => _servers = [.. Enumerable.Range(0, 2).Select(n => new ShardProcess($"node-{n}", _work.PathOf($"node-{n}"), "log"))];

    // Killed with SIGKILL, stopped without an answer, and back again: the same vectors, or a refusal that names the node in time.
    [Fact]
    public async Task Serve_RowsOfShardServers_AreThoseOfTheFilesAndComeBack()
    {
        string run = Train("cluster.keep_rows=true");
        using var files = new ServeProcess(run);
        using var cluster = new ServeProcess(run, "--set", "rows={name: cluster, cache_bytes: 0}");
        using var filesClient = new RecSysClient(new RecSysClientOptions { Address = files.Url });
        using var client = new RecSysClient(new RecSysClientOptions { Address = cluster.Url, Retries = 0 });
        var request = new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds([.. Enumerable.Range(0, 90).Select(i => (long)i)]) } };
        string expected = Text(await filesClient.LookupAsync(request));
        var samples = new ScoreRequest { Samples = [new Dictionary<string, object?> { ["user"] = "u3", ["item"] = "i5" }] };

        Assert.Equal(expected, Text(await client.LookupAsync(request)));
        Assert.Equal((await filesClient.ScoreAsync(samples)).Scores, (await client.ScoreAsync(samples)).Scores);

        _servers[1].KillAndRestart();
        Assert.Equal(expected, await SoonAsync(client, request));

        _servers[0].Signal("STOP");
        try
        {
            var refused = await Assert.ThrowsAsync<ServingException>(() => client.LookupAsync(request).WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.Contains("Node 'node-0'", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            _servers[0].Signal("CONT");
        }

        Assert.Equal(expected, await SoonAsync(client, request));
    }

    [Fact]
    public void Serve_RunWithoutRowsOnNodes_SaysWhatIsValid()
    {
        string run = Train();

        _work.AssertBadInput(["serve", run, "--set", "rows=cluster"], "rows.json: the file is missing", "cluster.keep_rows: true");
        _work.AssertBadInput(["serve", run, "--set", "rows=nodes"], "rows.name: 'nodes' is not known");
    }

    public void Dispose()
    {
        foreach (var server in _servers)
            server.Dispose();
        _work.Dispose();
    }

    private static string Text(LookupReply reply) => JsonSerializer.Serialize(reply, ServingJson.Options);

    private static async Task<string> SoonAsync(RecSysClient client, LookupRequest request)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                return Text(await client.LookupAsync(request));
            }
            catch (ServingException)
            {
                await Task.Delay(50, limit.Token);
            }
        }
    }

    private string Train(params string[] settings)
    {
        _work.Prepare();
        string nodes = string.Join(", ", _servers.Select(s => $"{s.Name}: '{s.Url}'"));
        Workspace.RunToResult(["train", _work.PathOf("run.yaml"), "--out", _work.PathOf("run"), "--set", $"cluster.nodes={{{nodes}}}", .. settings.SelectMany(s => (string[])["--set", s])]);
        return _work.PathOf("run");
    }
}
