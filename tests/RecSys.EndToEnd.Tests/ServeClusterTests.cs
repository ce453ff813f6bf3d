using System.Text.Json;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Embeddings.Tables;
using RecSys.Serving.Client;

namespace RecSys.EndToEnd.Tests;

/// <summary><c>recsys serve</c> in front of real shard servers, which a run was trained on.</summary>
public sealed class ServeClusterTests : IDisposable
{
    private static readonly LookupRequest s_request = new() { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds([.. Enumerable.Range(0, 90).Select(i => (long)i)]) } };
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
        string expected = Text(await filesClient.LookupAsync(s_request));
        var samples = new ScoreRequest { Samples = [new Dictionary<string, object?> { ["user"] = "u3", ["item"] = "i5" }] };

        Assert.Equal(expected, Text(await client.LookupAsync(s_request)));
        Assert.Equal((await filesClient.ScoreAsync(samples)).Scores, (await client.ScoreAsync(samples)).Scores);

        _servers[1].KillAndRestart();
        Assert.Equal(expected, await SoonAsync(client));

        _servers[0].Signal("STOP");
        try
        {
            var refused = await Assert.ThrowsAsync<ServingException>(() => client.LookupAsync(s_request).WaitAsync(TimeSpan.FromSeconds(20)));
            Assert.Contains("Node 'node-0'", refused.Message, StringComparison.Ordinal);
        }
        finally
        {
            _servers[0].Signal("CONT");
        }

        Assert.Equal(expected, await SoonAsync(client));
    }

    // The rows of the nodes by command into a folder, which a server of the files follows: it then answers what a server of the nodes does.
    [Fact]
    public async Task Serve_FolderOfSnapshots_FollowsTheRowsOfTheNodes()
    {
        string run = Train("cluster.keep_rows=true");
        HttpShardNode[] nodes = [.. _servers.Select(s => new HttpShardNode(s.Name, s.Url))];
        string model = Assert.Single(await nodes[0].ListAsync(default));
        string[] snapshot = ["cluster", "snapshot", Path.Combine(run, "config.yaml"), model, "--out"];
        string deltas = Directory.CreateDirectory(_work.PathOf("deltas")).FullName;
        Workspace.RunToResult([.. snapshot, Path.Combine(deltas, "000")]);
        using var files = new ServeProcess(run, "--set", $"deltas={{run: '{deltas}'}}");
        using var cluster = new ServeProcess(run, "--set", "rows={name: cluster, cache_bytes: 0}");
        using var filesClient = new RecSysClient(new RecSysClientOptions { Address = files.Url });
        using var client = new RecSysClient(new RecSysClientOptions { Address = cluster.Url });
        string version = (await client.LookupAsync(s_request)).ModelVersion;
        var before = await filesClient.LookupAsync(s_request);
        Assert.Equal($"{version}+0", before.ModelVersion);

        using (var rows = await ShardedRowStore.OpenAsync(await nodes[0].DescribeAsync(model, default), nodes, new ShardedRowStoreOptions { Worker = 99 }))
        {
            var batch = new RowBatch(rows.Tables.ToList().FindIndex(t => t.Name == "embedding/item"), 8);
            batch.Add([3, 5, 80]);
            batch.Gradients.Fill(1);
            rows.Apply([batch]);
        }

        Workspace.RunToResult([.. snapshot, Path.Combine(deltas, "001"), "--delta"]);

        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        LookupReply after;
        while ((after = await filesClient.LookupAsync(s_request)).ModelVersion != $"{version}+1")
            await Task.Delay(20, limit.Token);
        Assert.Equal(Text(await client.LookupAsync(s_request)), Text(after with { ModelVersion = version }));
        Assert.NotEqual(Text(before with { ModelVersion = version }), Text(after with { ModelVersion = version }));

        Workspace.RunToResult("cluster", "delete", Path.Combine(run, "config.yaml"), model);
        Assert.All(nodes, n => Assert.Empty(n.ListAsync(default).Result));
        Assert.Contains("No node has a model", CommandProcess.RunRecSys(["cluster", "delete", Path.Combine(run, "config.yaml"), model]).Error, StringComparison.Ordinal);
        foreach (var node in nodes)
            node.Dispose();
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

    private static async Task<string> SoonAsync(RecSysClient client)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        while (true)
        {
            try
            {
                return Text(await client.LookupAsync(s_request));
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
