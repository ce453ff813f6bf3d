using System.Runtime.InteropServices;
using RecSys.Cluster;
using RecSys.Cluster.Http;
using RecSys.Data;
using RecSys.Embeddings.Methods;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using RecSys.Training.Checkpoints;
using RecSys.Training.Rows;

namespace RecSys.Training.Tests.Rows;

/// <summary>Rows that stay on shard servers after training, read live.</summary>
[Collection(TinyCollection.Name)]
public sealed class LiveRowsTests(TinyDataset tiny) : IAsyncLifetime
{
    private readonly ShardNode[] _nodes = [new("a"), new("b")];
    private readonly List<ShardServer> _servers = [];

    // Every method once; optimisers and precisions take turns.
    public static TheoryData<string, string, string> Methods
    {
        get
        {
            var data = new TheoryData<string, string, string>();
            foreach ((int turn, var method) in EmbeddingMethods.All.Index())
                data.Add(method.Name, SparseOptimizers.Names[turn % SparseOptimizers.Names.Count], RowPrecision.Names[turn % RowPrecision.Names.Count]);
            return data;
        }
    }

    public async Task InitializeAsync()
    {
        foreach (var node in _nodes)
            _servers.Add(await ShardServer.StartAsync(node, new ShardServerOptions { Name = node.Name, Url = "http://127.0.0.1:0" }));
    }

    public async Task DisposeAsync()
    {
        foreach (var server in _servers)
            await server.DisposeAsync();
        foreach (var node in _nodes)
            node.Dispose();
    }

    [Theory]
    [MemberData(nameof(Methods))]
    public async Task Read_EveryMethod_GivesTheBitsOfTheCheckpoint(string method, string optimizer, string precision)
    {
        string run;
        string[] settings = [$"embedding.method={{name: {method}, budget: {(method == "full" ? "1" : "0.6")}}}", $"sparse_optimizer={{name: {optimizer}, learning_rate: 0.02}}", "model.name=din", "train={max_steps: 8, epochs: 1}"];
        try
        {
            run = Train([.. settings, $"embedding.precision={precision}"]);
        }
        catch (RecSys.Data.Configuration.ConfigException e) when (e.Message.Contains("use precision: fp32", StringComparison.Ordinal))
        {
            // Single numbers that are kept are fp32.
            run = Train(settings);
        }

        using var files = ServableRun.Open(run, withNetwork: true);
        using var live = ServableRun.Open(run, withNetwork: true, live: new LiveRowsOptions());

        foreach (var expected in files.Lookups)
            await AssertSameAsync(expected, live.Lookup(expected.SetName));
        Assert.Equal(Score(files), Score(live));
        Assert.True(live.LiveRows!.CacheHits > 0);
    }

    [Fact]
    public void Open_RunWhoseRowsWereDeleted_SaysWhatIsValid()
    {
        string run = Train("cluster.keep_rows=false");

        Assert.Contains("cluster.keep_rows: true", Assert.Throws<CheckpointException>(() => ServableRun.Open(run, live: new LiveRowsOptions())).Message, StringComparison.Ordinal);
    }

    // Versions of one run share what they read through, until the last is closed; a run of other tables has its own.
    [Fact]
    public void Open_AnotherVersion_SharesTheRows()
    {
        string run = Train("train.epochs=1");
        string other = Train("train.epochs=1", "embedding.method={name: qr, budget: 0.5}");
        var first = ServableRun.Open(run, live: new LiveRowsOptions());
        using var second = ServableRun.Open(run, live: new LiveRowsOptions(), former: first);
        using var third = ServableRun.Open(other, live: new LiveRowsOptions(), former: first);

        Assert.Same(first.LiveRows, second.LiveRows);
        Assert.NotSame(first.LiveRows, third.LiveRows);
        first.Dispose();
        Assert.Single(second.Lookup("embedding").LookUp("item", [1]));
        using var fourth = ServableRun.Open(run, live: new LiveRowsOptions(), former: first);
        Assert.Single(fourth.Lookup("embedding").LookUp("item", [1]));
    }

    // A run that begins anew has its rows under another name; the file says which.
    [Fact]
    public void Follow_RowsOfAnotherName_AreReadFromThenOn()
    {
        string run = Train("train.epochs=1");
        using var live = ServableRun.Open(run, live: new LiveRowsOptions { Timeout = TimeSpan.FromMilliseconds(200) });
        float[][] before = live.Lookup("embedding").LookUp("item", [1]);
        var former = RowsOnNodes.Find(run)!;

        new RowsOnNodes("another").Write(run);
        live.LiveRows!.Follow();
        Assert.Contains("'another'", Assert.Throws<IOException>(() => live.Lookup("embedding").LookUp("item", [1])).Message, StringComparison.Ordinal);
        former.Write(run);
        live.LiveRows!.Follow();

        Assert.Equal(before, live.Lookup("embedding").LookUp("item", [1]));
    }

    private string Train(params string[] settings)
    {
        string folder = tiny.NewFolder();
        var config = RunConfigs.Create(tiny, [$"cluster={{nodes: {{{string.Join(", ", _servers.Select((s, n) => $"{_nodes[n].Name}: '{s.Url}'"))}}}, buckets: 8, keep_rows: true}}", .. settings]);
        RunDirectory.Prepare(folder, config, tiny.Open(), resume: false);
        using var trainer = new Trainer(config, tiny.Open(), folder);
        trainer.Run();
        return folder;
    }

    // All ids; as they come, in bags, and of several fields at once.
    private static async Task AssertSameAsync(EmbeddingLookup expected, EmbeddingLookup actual)
    {
        var ids = expected.Fields.ToDictionary(f => f.Name, f => Enumerable.Range(0, (int)f.VocabularySize).Select(i => (long)i).Reverse().ToArray());
        var fetched = await actual.FetchAsync(ids.Select(i => (i.Key, i.Value)), default);
        foreach ((string field, long[] own) in ids)
        {
            int[] offsets = [0, 0, 3, own.Length];
            AssertSame(own.Length * expected.Dimension, v => expected.Read(field, own, v), v => actual.Read(field, own, v));
            AssertSame(own.Length * expected.Dimension, v => expected.Read(field, own, v), v => actual.Read(field, own, v, fetched));
            AssertSame(3 * expected.Dimension, v => expected.ReadPooled(field, own, offsets, isMean: true, v, null), v => actual.ReadPooled(field, own, offsets, isMean: true, v, fetched));
        }

        actual.Return(fetched);
    }

    private static void AssertSame(int length, Action<float[]> expected, Action<float[]> actual)
    {
        float[] first = new float[length];
        float[] second = new float[length];
        expected(first);
        actual(second);
        Assert.Equal(MemoryMarshal.Cast<float, int>(first), MemoryMarshal.Cast<float, int>(second));
    }

    private float[] Score(ServableRun run)
    {
        List<float> logits = [];
        Scorer.Score(run.Network!, run.Rows, tiny.Open().Read(DataSplit.Test, new BatchOptions { BatchSize = 512, OnBatch = run.Network!.Plan }), (_, scores) => logits.AddRange(scores));
        return [.. logits];
    }
}
