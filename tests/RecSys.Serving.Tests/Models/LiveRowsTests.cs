using System.Globalization;
using System.Text.Json;
using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Embeddings.Memory;
using RecSys.Embeddings.Tables;
using RecSys.Serving.Client;
using RecSys.Training.Checkpoints;
using RecSys.Training.Rows;

namespace RecSys.Serving.Tests.Models;

/// <summary>A server whose rows are read live from two shard servers.</summary>
public sealed class LiveRowsTests(TrainedRuns runs) : IClassFixture<TrainedRuns>, IAsyncLifetime
{
    private static readonly long[] s_items = [.. Enumerable.Range(0, 201).Select(i => (long)i)];
    private readonly ShardNode[] _nodes = [new("a"), new("b")];
    private readonly ShardServer[] _servers = new ShardServer[2];
    private readonly Uri[] _urls = new Uri[2];

    public async Task InitializeAsync()
    {
        for (int n = 0; n < 2; n++)
            await StartAsync(n);
    }

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        foreach (var node in _nodes)
            node.Dispose();
    }

    [Fact]
    public async Task Answers_OverRowsOnNodes_AreThoseOverFiles()
    {
        string run = Train("model.name=din", "embedding.method={name: qr, budget: 0.5}", "embedding.precision=int8");
        await using var files = await TestServer.StartAsync(run);
        await using var cluster = await TestServer.StartAsync(Options(run));
        string[] requests =
        [
            """{"features": {"item": [1, 2, 200, 0], "item_history": ["7", "none"], "user": [3]}}""",
            """{"features": {"item": {"ids": [3, 9, 4], "lengths": [2, 0, 1], "pooling": "mean"}, "category": {"ids": [1, 2], "lengths": [2], "pooling": "sum"}}}""",
        ];
        var binary = new LookupRequest { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(s_items), ["user"] = FeatureIds.OfIds(5, 0, 5) } };
        var score = new ScoreRequest { Samples = [.. Enumerable.Range(1, 50).Select(i => new Dictionary<string, object?> { ["user"] = Text(i), ["item"] = Text(2 * i) })] };
        const string Infer = """{"inputs": [{"name": "item", "shape": [2], "datatype": "INT64", "data": [5, 9]}], "outputs": [{"name": "scores"}, {"name": "embedding.item"}]}""";

        foreach (string request in requests)
            Assert.Equal(Json(await files.PostAsync("/v1/lookup", request)), Json(await cluster.PostAsync("/v1/lookup", request)));
        Assert.Equal(Text(await files.Client.LookupAsync(binary)), Text(await cluster.Client.LookupAsync(binary)));
        Assert.Equal((await files.Client.ScoreAsync(score)).Scores, (await cluster.Client.ScoreAsync(score)).Scores);
        Assert.Equal(Json(await files.PostAsync("/v2/models/tiny/infer", Infer)), Json(await cluster.PostAsync("/v2/models/tiny/infer", Infer)));
        await cluster.AssertRefusedAsync("/v1/neighbors", """{"feature": "item", "id": 3}""", 501, "valid: a server with rows: files");
        string metrics = await cluster.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative));
        Assert.Matches("(?m)^embed_cache_hit_ratio\\{model=\"tiny\"\\} 0\\.\\d+$", metrics);
        Assert.Contains("# TYPE embed_cache_hits_total counter", metrics, StringComparison.Ordinal);
        Assert.Matches("embed_node_requests_total\\{model=\"tiny\",node=\"b\",status=\"answered\"\\} [1-9]", metrics);
        Assert.Matches("embed_node_request_duration_seconds\\{model=\"tiny\",node=\"a\",quantile=\"0.99\"\\} 0\\.\\d+", metrics);
    }

    // Another checkpoint changes the network; rows stay those of the nodes.
    [Fact]
    public async Task Lookup_RowsUpdatedOnNodes_AreSeenWhateverTheVersion()
    {
        string run = Train("train.epochs=2", "train.early_stopping={metric: auc, patience: 2}");
        var steps = Directory.GetDirectories(Path.Combine(run, "checkpoints")).Select(f => long.Parse(Path.GetFileName(f), CultureInfo.InvariantCulture)).Order().ToList();
        await using var server = await TestServer.StartAsync(Options(run));
        var request = new LookupRequest { Set = "embedding", Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(7) } };
        float[] before = (await server.Client.LookupAsync(request)).Features["item"].Vectors[0].ToArray();

        float[] expected = await UpdateAsync("embedding/item", row: 7);

        Assert.NotEqual(before, expected);
        await WaitForAsync(async () => (await server.Client.LookupAsync(request)).Features["item"].Vectors[0].Span.SequenceEqual(expected));
        var store = new CheckpointStore(run);
        long other = steps.First(s => s != store.ReadCurrent()!.ToServe);
        SealedJson.Write(Path.Combine(run, "current.json"), store.ReadCurrent()! with { Best = other });
        await WaitForAsync(async () => (await server.Client.LookupAsync(request)).ModelVersion == Text(other));
        Assert.Equal(expected, (await server.Client.LookupAsync(request)).Features["item"].Vectors[0].ToArray());
    }

    [Fact]
    public async Task Requests_NodeIsGone_SayWhichUntilItIsBack()
    {
        string run = Train("train.epochs=1");
        await using var before = await TestServer.StartAsync(Options(run) with { LiveRows = new LiveRowsOptions { CacheBytes = 0, Timeout = TimeSpan.FromMilliseconds(300) } });
        string lookup = $$"""{"features": {"item": [{{string.Join(", ", s_items)}}]} }""";
        string expected = Json(await before.PostAsync("/v1/lookup", lookup));

        await _servers[1].DisposeAsync();
        await before.AssertRefusedAsync("/v1/lookup", lookup, 503, $"Node 'b' at {_urls[1]} cannot be reached");
        await before.AssertRefusedAsync("/v1/score", """{"samples": [{"item": "1"}]}""", 503, "Node 'b'");
        await using var meanwhile = await TestServer.StartAsync(Options(run));
        await meanwhile.AssertRefusedAsync("/v1/lookup", lookup, 503, "Node 'b'");
        Assert.Contains("code=\"503\"", await before.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);

        await StartAsync(1);
        foreach (var server in (TestServer[])[before, meanwhile])
        {
            await WaitForAsync(async () => (await server.PostAsync("/v1/lookup", lookup)).Status == 200);
            Assert.Equal(expected, Json(await server.PostAsync("/v1/lookup", lookup)));
            Assert.Equal(200, (await server.PostAsync("/v1/score", """{"samples": [{"item": "1"}]}""")).Status);
        }
    }

    private static ServingOptions Options(string run) => TestServer.Options(run) with { LiveRows = new LiveRowsOptions() };

    private static string Text(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Text(LookupReply reply) => JsonSerializer.Serialize(reply, ServingJson.Options);

    private static string Json((int Status, JsonElement Body) reply)
    {
        Assert.Equal(200, reply.Status);
        return JsonSerializer.Serialize(reply.Body);
    }

    private static async Task WaitForAsync(Func<Task<bool>> condition)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while (!await condition())
            await Task.Delay(10, limit.Token);
    }

    private string Train(params string[] settings) => runs.Train([$"cluster={{nodes: {{a: '{_urls[0]}', b: '{_urls[1]}'}}, buckets: 8, keep_rows: true}}", .. settings]);

    private async Task StartAsync(int node)
    {
        _servers[node] = await ShardServer.StartAsync(_nodes[node], new ShardServerOptions { Name = _nodes[node].Name, Url = _urls[node]?.ToString() ?? "http://127.0.0.1:0" });
        _urls[node] = _servers[node].Url;
    }

    // As another worker would: one row, by its gradient.
    private async Task<float[]> UpdateAsync(string table, long row)
    {
        string name = Assert.Single(await _nodes[0].ListAsync(default));
        using var store = await ShardedRowStore.OpenAsync(await _nodes[0].DescribeAsync(name, default), _nodes, new ShardedRowStoreOptions { Worker = 99 });
        int index = store.Tables.ToList().FindIndex(t => t.Name == table);
        var batch = new RowBatch(index, store.Tables[index].Width);
        batch.Add([row]);
        batch.Gradients.Fill(1);
        store.Apply([batch]);
        store.Gather([batch]);
        return batch.Values.ToArray();
    }
}
