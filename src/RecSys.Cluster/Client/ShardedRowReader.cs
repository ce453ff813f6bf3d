using RecSys.Cluster.Requests;
using RecSys.Cluster.Snapshots;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Client;

/// <summary>Reads the rows of a model from the nodes that own them and from copies, for look-ups while the model is trained.</summary>
/// <remarks>
/// <para>Thread-safe. The nodes belong to the caller.</para>
/// <para>Owners and copies take turns. A request that takes long, or that a node does not answer, goes to other nodes that have the rows ("The
/// tail at scale", Dean and Barroso, CACM 2013). At most one in ten does so soon; the others wait ten times as long, so that a cluster that is
/// slow as a whole does not get twice the work.</para>
/// <para>Rows may be as old as the copies, and those from the cache older by <see cref="ShardedRowReaderOptions.RefreshInterval"/>: rows leave the
/// cache when a file of changes names them. Of a bucket that is not copied it is not known what changes, so its rows stay for one interval.</para>
/// </remarks>
public sealed class ShardedRowReader : IRowReader, IDisposable
{
    private const long HedgesPerHundred = 10;

    // So many times what is usual, and a node is taken to be gone.
    private const int HungAfter = 10;
    private static readonly TimeSpan s_shortestHedge = TimeSpan.FromMilliseconds(1);
    private static readonly TimeSpan s_shortestHang = TimeSpan.FromMilliseconds(100);

    private readonly IReadOnlyList<IShardNode> _nodes;
    private readonly ShardedRowReaderOptions _options;
    private readonly NodeLatency[] _latencies;
    private readonly RowCache? _cache;
    private readonly CancellationTokenSource _disposing = new();
    private readonly Dictionary<(int Node, int Bucket), ChainLink> _read = [];
    private readonly Task _refreshing;
    private ReadRoutes _routes;
    private long _requests;
    private long _hedges;

    private ShardedRowReader(ShardedModel model, IReadOnlyList<IShardNode> nodes, ReadRoutes routes, ShardedRowReaderOptions options)
    {
        Model = model;
        _nodes = nodes;
        _routes = routes;
        _options = options;
        _latencies = [.. nodes.Select(n => new NodeLatency(n.Name))];
        _cache = options.CacheBytes > 0 ? new RowCache(model, options.CacheBytes) : null;
        _refreshing = Task.Run(RefreshAsync);
    }

    /// <summary>The model.</summary>
    public ShardedModel Model { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables => Model.Tables;

    /// <summary>How long requests to the nodes took.</summary>
    public IReadOnlyList<NodeLatency> Latencies => _latencies;

    /// <summary>Rows that the cache had.</summary>
    public long CacheHits => _cache?.Hits ?? 0;

    /// <summary>Rows that were asked for at nodes.</summary>
    public long CacheMisses => _cache?.Misses ?? 0;

    /// <summary>Opens a model.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="nodes">The nodes that own its buckets, and those that have copies.</param>
    /// <param name="options">Settings.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ShardException">No node knows the model, or a bucket is on no node.</exception>
    /// <exception cref="IOException">No node can be reached.</exception>
    public static async Task<ShardedRowReader> OpenAsync(string model, IReadOnlyList<IShardNode> nodes, ShardedRowReaderOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new ShardedRowReaderOptions();
        var retries = new Retries(options.RetryTime, options.Time, ShardErrorKind.Misplaced);
        var routes = await retries.RunAsync(
            async () =>
            {
                var (states, failure) = await StatesAsync(model, nodes, options.RetryTime, cancellation).ConfigureAwait(false);
                int known = states.ToList().FindIndex(s => s is not null);
                if (known < 0)
                    throw new ShardException(ShardErrorKind.NotFound, $"No node has a model '{model}'.");
                var described = await nodes[known].DescribeAsync(model, cancellation).ConfigureAwait(false);
                return Join(described, nodes, states, failure, options.LargestCopyAge);
            },
            cancellation).ConfigureAwait(false);
        return new ShardedRowReader(routes.Model, nodes, routes, options);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist.</exception>
    /// <exception cref="ShardException">The nodes refuse.</exception>
    /// <exception cref="IOException">No node that has a row can be reached.</exception>
    public void Gather(ReadOnlySpan<RowBatch> batches) => GatherAsync(batches.ToArray()).GetAwaiter().GetResult();

    /// <summary>Fills the values of rows.</summary>
    /// <param name="batches">Batches of distinct rows; at most one per table, ascending.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <inheritdoc cref="Gather"/>
    public async Task GatherAsync(IReadOnlyList<RowBatch> batches, CancellationToken cancellation = default)
    {
        RowJobs.Check(Tables, batches.ToArray());
        if (_cache is null)
        {
            await ReadAsync([.. batches], cancellation).ConfigureAwait(false);
            return;
        }

        long version = _cache.Version;
        List<(RowBatch Whole, RowBatch Missing, List<int> Positions)> parts = [];
        foreach (var batch in batches)
        {
            List<int> missing = [];
            _cache.Read(batch.Table, batch.Rows, batch.Values, missing);
            if (missing.Count == 0)
                continue;
            var part = new RowBatch(batch.Table, batch.Width);
            part.Add([.. missing.Select(i => batch.Rows[i])]);
            parts.Add((batch, part, missing));
        }

        if (parts.Count == 0)
            return;
        await ReadAsync([.. parts.Select(p => p.Missing)], cancellation).ConfigureAwait(false);
        foreach ((var whole, var part, var positions) in parts)
        {
            for (int i = 0; i < positions.Count; i++)
            {
                var values = part.Values.Slice(i * part.Width, part.Width);
                values.CopyTo(whole.Values.Slice(positions[i] * part.Width, part.Width));
                _cache.Add(part.Table, part.Rows[i], values, version);
            }
        }
    }

    /// <summary>Stops asking the nodes for changes.</summary>
    public void Dispose()
    {
        _disposing.Cancel();
        _refreshing.GetAwaiter().GetResult();
        _disposing.Dispose();
    }

    // Whatever fails is tried again with what the nodes say then.
    private Task ReadAsync(RowBatch[] batches, CancellationToken cancellation)
    {
        foreach (var batch in batches)
            _ = batch.Values; // made here, so that no two threads make it
        return new Retries(_options.RetryTime, _options.Time, ShardErrorKind.Misplaced, ShardErrorKind.Conflict).RunAsync(
            async () =>
            {
                var routes = _routes;
                try
                {
                    await ReadAsync(routes, batches, cancellation).ConfigureAwait(false);
                }
                catch (ShardException e) when (e.Kind is ShardErrorKind.Misplaced or ShardErrorKind.Conflict)
                {
                    await RefreshRoutesAsync(cancellation).ConfigureAwait(false);
                    throw;
                }
            },
            cancellation);
    }

    private async Task ReadAsync(ReadRoutes routes, RowBatch[] batches, CancellationToken cancellation)
    {
        long number = Interlocked.Increment(ref _requests);
        var plan = routes.TakePlan(number, _options.ThreadCount);
        plan.Build(batches, new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Gather });
        await Task.WhenAll(plan.UsedNodes.Select(n => ReadAsync(routes.Other(number), n, plan.Nodes[n], cancellation))).ConfigureAwait(false);
        plan.Scatter();
        routes.Return(number, plan);
    }

    private async Task ReadAsync(RouteTable others, int node, NodeRequest request, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var first = ReadAsync(node, request, stop.Token);
        Exception? failure = null;
        var usual = HedgeAfter(node);
        if (await EndsAsync(first, usual).ConfigureAwait(false) || (!MayHedge() && await EndsAsync(first, LongestOf(HungAfter * usual, s_shortestHang)).ConfigureAwait(false)))
        {
            failure = await FailureOfAsync(first).ConfigureAwait(false);
            if (failure is null)
                return;
        }

        var rerouting = new Rerouting(request, others);
        if (rerouting.Parts.Any(p => p.Node == node) || (failure is not null && !IsOfNode(failure)))
        {
            await first.ConfigureAwait(false);
            return;
        }

        _latencies[node].AddHedge();
        using var stopOthers = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var second = Task.WhenAll(rerouting.Parts.Select(p => ReadAsync(p.Node, p.Request, stopOthers.Token)));
        if (failure is null && await Task.WhenAny(first, second).ConfigureAwait(false) == first && first.IsCompletedSuccessfully)
        {
            await stopOthers.CancelAsync().ConfigureAwait(false);
            await FailureOfAsync(second).ConfigureAwait(false);
            return;
        }

        failure = await FailureOfAsync(second).ConfigureAwait(false);
        if (failure is null)
            await stop.CancelAsync().ConfigureAwait(false);
        // The first must not write into the answer any more.
        var own = await FailureOfAsync(first).ConfigureAwait(false);
        if (failure is null)
            rerouting.Join();
        else if (own is not null)
            await first.ConfigureAwait(false);
    }

    private async Task ReadAsync(int node, NodeRequest request, CancellationToken cancellation)
    {
        long started = _options.Time.GetTimestamp();
        try
        {
            await _nodes[node].ReadAsync(Model.Name, request.Request, request.Reply, cancellation).ConfigureAwait(false);
            _latencies[node].Add(_options.Time.GetElapsedTime(started));
        }
        catch (Exception e) when (e is not OperationCanceledException)
        {
            _latencies[node].AddFailure();
            throw;
        }
    }

    private TimeSpan HedgeAfter(int node)
    {
        if (_options.HedgeAfter is { } time)
            return time;
        return LongestOf(_latencies[node].Quantile(0.95), s_shortestHedge);
    }

    private static TimeSpan LongestOf(TimeSpan first, TimeSpan second) => first > second ? first : second;

    private bool MayHedge()
    {
        if (Interlocked.Increment(ref _hedges) * 100 <= (Interlocked.Read(ref _requests) * HedgesPerHundred) + 100)
            return true;
        Interlocked.Decrement(ref _hedges);
        return false;
    }

    private async Task<bool> EndsAsync(Task task, TimeSpan time)
    {
        if (task.IsCompleted)
            return true;
        using var stop = new CancellationTokenSource();
        var delay = Task.Delay(time, _options.Time, stop.Token);
        bool ends = await Task.WhenAny(task, delay).ConfigureAwait(false) == task;
        await stop.CancelAsync().ConfigureAwait(false);
        return ends;
    }

    private static async Task<Exception?> FailureOfAsync(Task task)
    {
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        return task.IsCompletedSuccessfully ? null : task.Exception?.InnerException ?? new OperationCanceledException();
    }

    // Another node may answer what this one does not.
    private static bool IsOfNode(Exception failure)
        => failure is IOException or ShardException { Kind: ShardErrorKind.Overloaded or ShardErrorKind.Unavailable or ShardErrorKind.Misplaced or ShardErrorKind.NotFound };

    private async Task RefreshAsync()
    {
        using var timer = new PeriodicTimer(_options.RefreshInterval, _options.Time);
        try
        {
            while (await timer.WaitForNextTickAsync(_disposing.Token).ConfigureAwait(false))
            {
                try
                {
                    await RefreshRoutesAsync(_disposing.Token).ConfigureAwait(false);
                    if (_cache is not null)
                        await ForgetChangesAsync(_cache).ConfigureAwait(false);
                }
                catch (Exception e) when (e is IOException or ShardException)
                {
                    // What cannot be known may have changed.
                    _cache?.Clear();
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The reader is disposed.
        }
    }

    private async Task RefreshRoutesAsync(CancellationToken cancellation)
    {
        var (states, failure) = await StatesAsync(Model.Name, _nodes, _options.RefreshInterval + s_shortestHedge, cancellation).ConfigureAwait(false);
        var routes = Join(Model, _nodes, states, failure, _options.LargestCopyAge);
        if (!routes.IsSame(_routes))
            _routes = routes;
    }

    private async Task ForgetChangesAsync(RowCache cache)
    {
        var routes = _routes;
        await Task.WhenAll(Enumerable.Range(0, _nodes.Count).Select(async n =>
        {
            BucketLink[] since;
            lock (_read)
                since = [.. routes.BucketsAt(n).Select(b => new BucketLink(b, _read.GetValueOrDefault((n, b))))];
            if (since.Length == 0)
                return;
            foreach (var changes in await _nodes[n].ChangesAsync(Model.Name, since, _disposing.Token).ConfigureAwait(false))
            {
                lock (_read)
                    _read[(n, changes.Bucket)] = changes.Link;
                Forget(cache, changes);
            }
        })).ConfigureAwait(false);
    }

    private void Forget(RowCache cache, BucketChanges changes)
    {
        if (changes.Tables is null)
        {
            cache.RemoveBucket(Model, changes.Bucket);
            return;
        }

        foreach (var table in changes.Tables)
        {
            var numbers = Model.BucketsOf(table.Table).PartOf(changes.Bucket).Numbers;
            cache.Remove(table.Table, table.Keys.Select(numbers.Of));
        }
    }

    // A bucket that is on none of the nodes may be on one that does not answer.
    private static ReadRoutes Join(ShardedModel model, IReadOnlyList<IShardNode> nodes, ShardState?[] states, Exception? failure, TimeSpan largestCopyAge)
    {
        try
        {
            return ReadRoutes.Join(model, nodes, states, largestCopyAge);
        }
        catch (ShardException e) when (failure is not null)
        {
            throw new IOException($"{e.Message} {failure.Message}", failure);
        }
    }

    // A node that does not answer in time is as good as none; the others have to have what is needed.
    private static async Task<(ShardState?[] States, Exception? Failure)> StatesAsync(string model, IReadOnlyList<IShardNode> nodes, TimeSpan time, CancellationToken cancellation)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        stop.CancelAfter(time);
        Exception? failure = null;
        var states = await Task.WhenAll(nodes.Select(async n =>
        {
            try
            {
                return await n.FindAsync(model, stop.Token).ConfigureAwait(false);
            }
            catch (Exception e) when (e is IOException or ShardException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
            {
                failure = e is OperationCanceledException ? new IOException($"Node '{n.Name}' does not answer.", e) : e;
                return null;
            }
        })).ConfigureAwait(false);
        return states.Any(s => s is not null) || failure is null ? (states, failure) : throw new IOException($"No node of model '{model}' can be reached: {failure.Message}", failure);
    }
}
