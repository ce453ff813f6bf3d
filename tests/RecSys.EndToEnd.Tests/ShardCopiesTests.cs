using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.EndToEnd.Tests;

/// <summary>Copies and snapshots of rows by command, on real shard servers: two own the rows, the third is for copies.</summary>
public sealed class ShardCopiesTests : IDisposable
{
    private static readonly ShardedModel s_model = new("shop", [new TableSpec("item", 5000, 8, Initializer.Normal(0.1))], "adagrad", new SparseOptimizerOptions(), seed: 1, bucketCount: 16);
    private readonly Workspace _work = new();
    private readonly ShardProcess[] _servers = [.. "abc".Select(n => new ShardProcess($"{n}", []))];
    private readonly HttpShardNode[] _nodes;

    public ShardCopiesTests() => _nodes = [.. _servers.Select(s => new HttpShardNode(s.Name, s.Url))];

    // A server that does not answer at all, as one that swaps or whose network is lost: its rows come from the copies, after the time
    // that they usually take.
    [Fact]
    public async Task Replicate_OwnerStopsAnswering_CopiesAreRead()
    {
        var store = await ShardedRowStore.CreateAsync(s_model, _nodes[..2]);
        var first = Workspace.RunToResult([.. Command("replicate"), "shop"]);
        Assert.Equal((16, 0), (first.GetProperty("whole").GetInt32(), first.GetProperty("deltas").GetInt32()));
        Train(store, seed: 1);
        Workspace.RunToResult([.. Command("replicate"), "shop"]);
        string status = CommandProcess.RunRecSys([.. Command("status"), "--json"]).Output;
        Assert.Contains("\"copies\":16", status, StringComparison.Ordinal);
        float[] expected = Values(store);
        using var reader = await ShardedRowReader.OpenAsync("shop", _nodes);
        for (int i = 0; i < 20; i++)
            Assert.Equal(expected, Values(reader));

        _servers[0].Signal("STOP");
        try
        {
            for (int i = 0; i < 20; i++)
                Assert.Equal(expected, await Task.Run(() => Values(reader)).WaitAsync(TimeSpan.FromSeconds(15)));
        }
        finally
        {
            _servers[0].Signal("CONT");
        }

        Assert.InRange(reader.Latencies[0].Hedges, 1, 20);
    }

    // A base and a delta of two servers, onto one.
    [Fact]
    public async Task SnapshotAndRestore_OntoAnotherNumberOfNodes_HasTheRows()
    {
        var store = await ShardedRowStore.CreateAsync(s_model, _nodes[..2]);
        Train(store, seed: 1);
        Assert.Equal(0, Workspace.RunToResult([.. Command("snapshot"), "shop", "--out", _work.PathOf("base")]).GetProperty("number").GetInt32());
        Train(store, seed: 2);
        Assert.Equal(1, Workspace.RunToResult([.. Command("snapshot"), "shop", "--out", _work.PathOf("delta"), "--delta"]).GetProperty("number").GetInt32());
        string[] onto = ["cluster", "restore", _work.PathOf("run.yaml"), _work.PathOf("base"), _work.PathOf("delta"), "--set", $"cluster.nodes={{c: '{_servers[2].Url}'}}"];

        Workspace.RunToResult(onto);

        var restored = await ShardedRowStore.OpenAsync(s_model, _nodes[2..]);
        Assert.Equal(Values(store), Values(restored));
        _work.AssertBadInput(onto, "Node 'c' has a model 'shop'", "--replace");
        Workspace.RunToResult([.. onto, "--replace"]);

        File.Delete(Path.Combine(_work.PathOf("base"), "bucket-00003.rsb"));
        var damaged = CommandProcess.RunRecSys([.. onto, "--replace"]);
        Assert.NotEqual(0, damaged.ExitCode);
        Assert.Contains("bucket-00003.rsb: the file is missing", damaged.Error, StringComparison.Ordinal);
    }

    public void Dispose()
    {
        foreach (var node in _nodes)
            node.Dispose();
        foreach (var server in _servers)
            server.Dispose();
        _work.Dispose();
    }

    private string[] Command(string name)
        => ["cluster", name, _work.PathOf("run.yaml"), "--set", $"cluster={{nodes: {{a: '{_servers[0].Url}', b: '{_servers[1].Url}'}}, copies: {{c: '{_servers[2].Url}'}}}}"];

    private static void Train(ShardedRowStore store, int seed)
    {
        var random = new Random(seed);
        var batch = new RowBatch(0, 8);
        batch.Add([.. Enumerable.Range(0, 200).Select(_ => random.NextInt64(5000))]);
        foreach (ref float gradient in batch.Gradients)
            gradient = random.NextSingle();
        store.Apply([batch]);
    }

    private static float[] Values(IRowReader rows)
    {
        var batch = new RowBatch(0, 8);
        batch.Add([.. Enumerable.Range(0, 5000).Select(r => (long)r)]);
        rows.Gather([batch]);
        return batch.Values.ToArray();
    }
}
