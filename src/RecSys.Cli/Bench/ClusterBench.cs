using System.Diagnostics;
using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cli.Bench;

/// <summary>
/// Look-ups and updates of distinct random rows: in this process, through the client of a cluster, over HTTP, and in Redis. Every side
/// gets the same batches, one side after the other, again and again.
/// </summary>
internal sealed class ClusterBench : IDisposable
{
    public const string InProcess = "in_process";
    public const string Http = "http";
    public const string Http1 = "http1";
    public const string Redis = "redis";
    public const string Gather = "gather";
    public const string Apply = "apply";

    // More than one, so that a batch is not in the cache when it comes again.
    private const int BatchesPerClient = 8;
    private const int CallsPerMeasurement = 16;
    private const int WarmUpRounds = 4;
    private readonly ClusterBenchOptions _options;
    private readonly string _folder;
    private readonly List<IDisposable> _owned = [];
    private readonly List<ClusterSide> _sides = [];
    private readonly RowBatch[][] _batches;

    private ClusterBench(ClusterBenchOptions options, string folder)
    {
        _options = options;
        _folder = folder;
        var random = new Random(1);
        _batches = [.. Enumerable.Range(0, options.Clients).Select(_ => Enumerable.Range(0, BatchesPerClient).Select(_ => NewBatch(random)).ToArray())];
    }

    /// <summary>Whether Redis was found on this machine.</summary>
    public bool HasRedis { get; private set; }

    /// <summary>Starts all servers.</summary>
    /// <param name="options">Sizes.</param>
    /// <param name="folder">Folder for logs and sockets; the caller removes it.</param>
    public static async Task<ClusterBench> StartAsync(ClusterBenchOptions options, string folder)
    {
        var bench = new ClusterBench(options, folder);
        try
        {
            await bench.AddStoresAsync().ConfigureAwait(false);
            bench.AddRedis();
            return bench;
        }
        catch
        {
            bench.Dispose();
            throw;
        }
    }

    /// <summary>Measures all sides in turn.</summary>
    /// <param name="report">Receives the median of each.</param>
    /// <returns>All medians.</returns>
    /// <exception cref="InvalidOperationException">Two sides do not have the same rows in the end.</exception>
    public IReadOnlyList<ClusterMeasurement> Run(Action<ClusterMeasurement> report)
    {
        var rates = new Dictionary<(string Side, string Operation), List<double>>();
        for (int round = -WarmUpRounds; round < _options.Repetitions; round++)
        {
            foreach (var side in _sides)
            {
                Measure(side.Name, Gather, side.Gathers);
                Measure(side.Name, Apply, side.Applies);
            }

            if (round < 0)
                rates.Clear();
        }

        CheckRows();
        List<ClusterMeasurement> all = [.. rates.Select(r => new ClusterMeasurement(r.Key.Side, r.Key.Operation, Median.Of(r.Value), r.Value.Max(), r.Value.Count))];
        all.ForEach(report);
        return all;

        void Measure(string side, string operation, IReadOnlyList<Action<RowBatch>> calls)
        {
            if (calls.Count == 0)
                return;
            if (!rates.TryGetValue((side, operation), out var found))
                rates[(side, operation)] = found = [];
            found.Add((double)CallsPerMeasurement * _options.Batch * _options.Clients / Seconds(calls));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var owned in Enumerable.Reverse(_owned))
            owned.Dispose();
    }

    private double Seconds(IReadOnlyList<Action<RowBatch>> calls)
    {
        long started = Stopwatch.GetTimestamp();
        if (calls.Count == 1)
            Call(0);
        else
            Task.WaitAll([.. Enumerable.Range(0, calls.Count).Select(c => Task.Factory.StartNew(() => Call(c), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);
        return Stopwatch.GetElapsedTime(started).TotalSeconds;

        void Call(int client)
        {
            for (int i = 0; i < CallsPerMeasurement; i++)
                calls[client](_batches[client][i % BatchesPerClient]);
        }
    }

    private async Task AddStoresAsync()
    {
        var table = new TableSpec("embedding/item", _options.Rows, _options.Dimension, Initializer.Normal(0.01));
        var model = new ShardedModel("bench", [table], "row_wise_adagrad", new SparseOptimizerOptions(), seed: 1);
        var memory = Own(new MemoryRowStore(model.Tables, model.CreateOptimizer(), model.Seed));
        var updating = new Lock();
        _sides.Add(new ClusterSide(InProcess, [.. Clients(_ => (Action<RowBatch>)(b => memory.Gather([b])))], [.. Clients(_ => (Action<RowBatch>)ApplyToMemory)], IsStore: true));

        var node = Own(new ShardNode("local"));
        _sides.Add(ClusterSide.Of("sharded_in_process", await OpenAsync(model, () => node).ConfigureAwait(false)));
        var server = Own(new ShardServerProcess("http"));
        _sides.Add(ClusterSide.Of(Http, await OpenAsync(model, () => Own(server.Connect())).ConfigureAwait(false)));
        var http1 = Own(new ShardServerProcess(Http1, "--protocol", "http1"));
        _sides.Add(ClusterSide.Of(Http1, await OpenAsync(model, () => Own(http1.Connect(ShardProtocol.Http1))).ConfigureAwait(false)));
        var logged = Own(new ShardServerProcess("http-log", "--data", Path.Combine(_folder, "shard"), "--durability", "log"));
        _sides.Add(ClusterSide.Of("http_log", await OpenAsync(model, () => Own(logged.Connect())).ConfigureAwait(false), onlyApply: true));

        // One update at a time is what the store allows.
        void ApplyToMemory(RowBatch batch)
        {
            lock (updating)
                memory.Apply([batch]);
        }
    }

    private async Task<List<ShardedRowStore>> OpenAsync(ShardedModel model, Func<IShardNode> connect)
    {
        List<ShardedRowStore> stores = [];
        for (int client = 0; client < _options.Clients; client++)
            stores.Add(Own(await ShardedRowStore.OpenAsync(model, [connect()], new ShardedRowStoreOptions { Worker = (ulong)client + 1 }).ConfigureAwait(false)));
        return stores;
    }

    private void AddRedis()
    {
        if (RedisProcess.Start(_folder) is not { } redis)
            return;
        HasRedis = true;
        Own(redis);
        foreach ((string name, var server) in new[] { (Redis, redis.Tcp), ("redis_unix", redis.Unix) })
        {
            RedisRows[] clients = [.. Clients(_ => Own(new RedisRows(server, _options.Dimension)))];
            _sides.Add(new ClusterSide(
                name,
                [.. clients.Select(c => (Action<RowBatch>)(b => c.Get(b.Rows.ToArray(), b.Values)))],
                [.. clients.Select(c => (Action<RowBatch>)(b => c.Set(b.Rows.ToArray(), b.Gradients.ToArray())))],
                IsStore: false));
        }

        using var filling = new RedisRows(redis.Tcp, _options.Dimension);
        for (int first = 0; first < _options.Rows; first += _options.Batch)
        {
            long[] rows = [.. Enumerable.Range(first, Math.Min(_options.Batch, _options.Rows - first)).Select(r => (long)r)];
            filling.Set(rows, new float[rows.Length * _options.Dimension]);
        }
    }

    // All have made the same updates, and with one client in the same order: the same bits.
    private void CheckRows()
    {
        if (_options.Clients > 1)
            return;
        float[]? expected = null;
        foreach (var side in _sides.Where(s => s.IsStore && s.Gathers.Count > 0))
        {
            side.Gathers[0](_batches[0][0]);
            expected ??= _batches[0][0].Values.ToArray();
            if (!_batches[0][0].Values.SequenceEqual(expected))
                throw new InvalidOperationException($"The rows of {side.Name} differ from those of {_sides[0].Name}.");
        }
    }

    private RowBatch NewBatch(Random random)
    {
        var batch = new RowBatch(0, _options.Dimension);
        while (batch.Count < _options.Batch)
            batch.Add([random.NextInt64(_options.Rows)]);
        foreach (ref float g in batch.Gradients)
            g = (float)(random.NextDouble() - 0.5);
        return batch;
    }

    private IEnumerable<T> Clients<T>(Func<int, T> create) => Enumerable.Range(0, _options.Clients).Select(create);

    private T Own<T>(T owned)
        where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }
}
