using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Tables;
using RecSys.Serving.Client;

namespace RecSys.Serving.Tests.Models;

/// <summary>A server of a run's files that follows snapshots of its rows.</summary>
public sealed class DeltaTests(TrainedRuns runs) : IClassFixture<TrainedRuns>, IAsyncLifetime
{
    private static readonly LookupRequest s_request = new()
    {
        Set = "embedding",
        Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds([.. Enumerable.Range(0, 201).Select(i => (long)i)]) },
    };

    private readonly string _deltas = Directory.CreateTempSubdirectory("recsys-deltas-").FullName;
    private readonly string _elsewhere = Directory.CreateTempSubdirectory("recsys-elsewhere-").FullName;
    private readonly ShardNode[] _nodes = [new("a"), new("b")];
    private readonly List<ShardServer> _servers = [];
    private string _run = "";
    private ShardedRowStore? _rows;

    public async Task InitializeAsync()
    {
        foreach (var node in _nodes)
            _servers.Add(await ShardServer.StartAsync(node, new ShardServerOptions { Name = node.Name, Url = "http://127.0.0.1:0" }));
        _run = runs.Train($"cluster={{nodes: {{a: '{_servers[0].Url}', b: '{_servers[1].Url}'}}, buckets: 8, keep_rows: true}}", "train.epochs=1", "embedding.precision=fp16");
        var model = await _nodes[0].DescribeAsync(Assert.Single(await _nodes[0].ListAsync(default)), default);
        _rows = await ShardedRowStore.OpenAsync(model, _nodes, new ShardedRowStoreOptions { Worker = 99 });
    }

    public async Task DisposeAsync()
    {
        _rows?.Dispose();
        foreach (var server in _servers)
            await server.DisposeAsync();
        foreach (var node in _nodes)
            node.Dispose();
        Directory.Delete(_deltas, recursive: true);
        Directory.Delete(_elsewhere, recursive: true);
    }

    // Requests run all the while: each reply has the rows of its version, all of them.
    [Fact]
    public async Task Deltas_AsTheyCome_AreServedWholeAndStayToGoBackTo()
    {
        await using var server = await TestServer.StartAsync(Options with { KeptVersions = 10, MaxQueuedRequests = 1000 });
        string checkpoint = (await server.Client.LookupAsync(s_request)).ModelVersion;
        float[] scoreBefore = await ScoreAsync(server);
        Dictionary<string, float[]> expected = new() { [checkpoint] = Live(), [$"{checkpoint}+0"] = Live() };
        using var stop = new CancellationTokenSource();
        Task[] clients = [.. Enumerable.Range(0, 2).Select(_ => Task.Run(async () =>
        {
            while (!stop.IsCancellationRequested)
            {
                var reply = await server.Client.LookupAsync(s_request);
                lock (expected)
                    Assert.Equal(expected[reply.ModelVersion], VectorsOf(reply));
            }
        }))];

        await WriteAsync("0", isBase: true);
        await WaitForAsync(server, $"{checkpoint}+0");
        for (int number = 1; number <= 5; number++)
        {
            Update(number);
            lock (expected)
                expected[$"{checkpoint}+{number}"] = Live();
            await WriteAsync($"{number}");
            await WaitForAsync(server, $"{checkpoint}+{number}");
        }

        await stop.CancelAsync();
        await Task.WhenAll(clients);
        Assert.NotEqual(scoreBefore, await ScoreAsync(server));
        Assert.Contains($"embed_changed_rows{{model=\"tiny\"}} ", await server.Http.GetStringAsync(new Uri("/metrics", UriKind.Relative)), StringComparison.Ordinal);
        foreach ((string version, float[] vectors) in expected)
            Assert.Equal(vectors, VectorsOf(await server.Client.LookupAsync(s_request with { Version = version })));

        // What comes while one has gone back is served when the newest is asked for again.
        var (status, _) = await server.PostAsync("/v2/repository/models/tiny/load", $$"""{"parameters": {"version": "{{checkpoint}}+2"} }""");
        Update(6);
        await WriteAsync("6");
        await Task.Delay(200);
        Assert.Equal(200, status);
        Assert.Equal(expected[$"{checkpoint}+2"], VectorsOf(await server.Client.LookupAsync(s_request)));
        await server.AssertRefusedAsync("/v2/repository/models/tiny/load", $$"""{"parameters": {"version": "{{checkpoint}}+77"} }""", 400, "is no version; valid: the step of a checkpoint, and in memory");
        await server.PostAsync("/v2/repository/models/tiny/load", "");
        Assert.Equal(Live(), VectorsOf(await server.Client.LookupAsync(s_request)));
    }

    // A server that starts later, and any other checkpoint, begin with all there is.
    [Fact]
    public async Task Deltas_BeforeTheStart_AreServedFromTheFirstRequest()
    {
        await WriteAsync("0", isBase: true);
        Update(1);
        await WriteAsync("1");
        await using var server = await TestServer.StartAsync(Options);

        var reply = await server.Client.LookupAsync(s_request);

        Assert.EndsWith("+1", reply.ModelVersion, StringComparison.Ordinal);
        Assert.Equal(Live(), VectorsOf(reply));

        // A new base replaces the chain.
        Update(2);
        await WriteAsync("2", isBase: true);
        await WaitForAsync(server, reply.ModelVersion[..^1] + "0");
        Assert.Equal(Live(), VectorsOf(await server.Client.LookupAsync(s_request)));
    }

    [Fact]
    public async Task Deltas_DamagedMissingOrOfAnotherModel_LeaveTheFormerVersion()
    {
        await WriteAsync("0", isBase: true);
        await using var server = await TestServer.StartAsync(Options);
        string checkpoint = (await server.Client.LookupAsync(s_request)).ModelVersion[..^2];
        float[] former = Live();
        for (int number = 1; number <= 3; number++)
        {
            Update(number);
            await WriteAsync($"{number}", folder: _elsewhere);
        }

        // Out of order; then damaged; then whole.
        CopyHere("3");
        await AssertStaysAsync(server, $"{checkpoint}+0", former);
        string damaged = CopyHere("1", changeByte: 200);
        await AssertStaysAsync(server, $"{checkpoint}+0", former);
        var (status, body) = await server.PostAsync("/v2/repository/models/tiny/load", "");
        Assert.Equal(404, status);
        Assert.Contains(damaged, body.GetProperty("error").GetString(), StringComparison.Ordinal);
        Directory.Delete(Path.GetDirectoryName(damaged)!, recursive: true);
        CopyHere("1");
        CopyHere("2");
        await WaitForAsync(server, $"{checkpoint}+3");
        Assert.Equal(Live(), VectorsOf(await server.Client.LookupAsync(s_request)));
    }

    [Fact]
    public async Task Deltas_OfAnotherModel_AreNotServed()
    {
        await WriteAsync("0", isBase: true);

        await using var server = await TestServer.StartAsync(TestServer.Options(runs.Folder) with { Deltas = new Dictionary<string, string> { ["tiny"] = _deltas } });

        Assert.DoesNotContain("+", (await server.Client.LookupAsync(s_request)).ModelVersion, StringComparison.Ordinal);
    }

    private ServingOptions Options => TestServer.Options(_run) with { Deltas = new Dictionary<string, string> { ["tiny"] = _deltas } };

    private static float[] VectorsOf(LookupReply reply) => [.. reply.Features["item"].Vectors.SelectMany(v => v.ToArray())];

    private static async Task<float[]> ScoreAsync(TestServer server)
        => [.. (await server.Client.ScoreAsync(new ScoreRequest { Samples = [new Dictionary<string, object?> { ["item"] = "3", ["user"] = "5" }] })).Scores];

    private static async Task WaitForAsync(TestServer server, string version)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        while ((await server.Client.LookupAsync(s_request)).ModelVersion != version)
            await Task.Delay(5, limit.Token);
    }

    private static async Task AssertStaysAsync(TestServer server, string version, float[] vectors)
    {
        await Task.Delay(300);
        var reply = await server.Client.LookupAsync(s_request);
        Assert.Equal(version, reply.ModelVersion);
        Assert.Equal(vectors, VectorsOf(reply));
    }

    // The rows of the items as they are on the nodes: a row is a vector.
    private float[] Live()
    {
        int table = _rows!.Tables.ToList().FindIndex(t => t.Name == "embedding/item");
        var batch = new RowBatch(table, _rows.Tables[table].Width);
        batch.Add([.. Enumerable.Range(0, 201).Select(i => (long)i)]);
        _rows.Gather([batch]);
        return batch.Values.ToArray();
    }

    // Other rows of the items and of their first-order weights each time, so that those of former deltas have to stay.
    private void Update(int number)
    {
        RowBatch[] batches = [.. _rows!.Tables.Index().Where(t => t.Item.Name.EndsWith("/item", StringComparison.Ordinal)).Select(t => new RowBatch(t.Index, t.Item.Width))];
        foreach (var batch in batches)
        {
            batch.Add([.. Enumerable.Range(0, 201).Where(i => i % 4 == number % 4).Select(i => (long)i)]);
            batch.Gradients.Fill(number % 3 == 0 ? -number : number);
        }

        _rows.Apply(batches);
    }

    private Task WriteAsync(string name, bool isBase = false, string? folder = null)
        => SnapshotFolder.WriteAsync(Path.Combine(folder ?? _deltas, name), _nodes, _rows!.Model.Name, isBase ? Shard.NewGeneration() : 0);

    // Under another name first, as files that are sent: a folder appears whole.
    private string CopyHere(string name, int changeByte = -1)
    {
        string temporary = Path.Combine(_elsewhere, "copy");
        Directory.CreateDirectory(temporary);
        foreach (string file in Directory.EnumerateFiles(Path.Combine(_elsewhere, name)))
            File.Copy(file, Path.Combine(temporary, Path.GetFileName(file)));
        if (changeByte >= 0)
        {
            using var stream = File.Open(Path.Combine(temporary, "bucket-00003.rsb"), FileMode.Open);
            stream.Position = changeByte;
            int value = stream.ReadByte();
            stream.Position = changeByte;
            stream.WriteByte((byte)~value);
        }

        Directory.Move(temporary, Path.Combine(_deltas, name));
        return Path.Combine(_deltas, name, "bucket-00003.rsb");
    }
}
