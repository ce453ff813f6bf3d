using RecSys.Cluster.Requests;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Client;

/// <summary>The rows of a model on the nodes of a cluster. A call sends one request to every node that has some of the rows.</summary>
/// <remarks>
/// <para><see cref="Gather"/> may run on several threads, everything else on one at a time. The nodes belong to the caller.</para>
/// <para>With a staleness of k, up to k − 1 updates are on their way while the next steps compute: rows read in step s have the updates of
/// all steps up to s − k when <see cref="Prefetch"/> starts to read them k − 1 steps ahead: it waits, in the background, for the updates
/// before it. With 1, every call ends when the nodes have answered, and training gives the same bits as in one process.</para>
/// <para>Buckets may move between the nodes meanwhile: requests follow them.</para>
/// <para>Batches of a growing table have ids for rows. Reads give the first values of an id without a row, or zeros where not every id is
/// admitted; updates admit ids and evict others, and what they say of an id that has to wait or finds no room is dropped.</para>
/// <para>A node that is restarted is waited for. If it comes back without updates that it had acknowledged, its generation is another, and
/// calls fail with <see cref="ShardErrorKind.Conflict"/>: the trainer then goes back to its last checkpoint.</para>
/// </remarks>
public sealed partial class ShardedRowStore : IRowStore
{
    private readonly IReadOnlyList<IShardNode> _nodes;
    private readonly ShardedRowStoreOptions _options;
    private readonly Stack<RequestPlan> _plans = [];

    // Updates on their way, oldest first; and per node the last of them: a node gets the updates of a worker one after the other.
    private readonly Queue<Task> _updates = [];
    private readonly Task[] _lastUpdates;
    private readonly Dictionary<RowBatch, Task> _prefetched = [];
    private RouteTable? _updatedBy;
    private ulong _sequence;

    private ShardedRowStore(ShardedModel model, IReadOnlyList<IShardNode> nodes, RouteTable routes, ShardedRowStoreOptions options)
    {
        Model = model;
        _nodes = nodes;
        Routes = routes;
        _options = options;
        _lastUpdates = [.. nodes.Select(_ => Task.CompletedTask)];
        Optimizer = model.CreateOptimizer();
    }

    /// <summary>The model.</summary>
    public ShardedModel Model { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables => Model.Tables;

    /// <summary>Learning rate and number of the step of the updates sent from here; the rows and their state are on the nodes.</summary>
    public SparseOptimizer Optimizer { get; }

    /// <summary>Number of the last update; a client that goes on for another, with the same number of the worker, begins after it.</summary>
    public ulong Sequence
    {
        get => _sequence;
        set => _sequence = value;
    }

    /// <summary>Where the buckets are.</summary>
    internal RouteTable Routes { get; private set; }

    /// <summary>Opens a model on nodes; where none of them knows it, it is created.</summary>
    /// <param name="model">The model.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="options">Settings of the client.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ShardException">The nodes have another model of this name, or do not have every bucket once.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public static async Task<ShardedRowStore> OpenAsync(
        ShardedModel model, IReadOnlyList<IShardNode> nodes, ShardedRowStoreOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new ShardedRowStoreOptions();
        var states = await Task.WhenAll(nodes.Select(node => options.Retries.RunAsync(() => node.FindAsync(model.Name, cancellation), cancellation))).ConfigureAwait(false);
        if (states.All(s => s is null))
            return await CreateAsync(model, nodes, options, cancellation).ConfigureAwait(false);
        return Join(model, nodes, [.. states.Select(s => s ?? new ShardState(model.Id, states.First(o => o is not null)!.Generation, [], [], 0))], options);
    }

    /// <summary>Creates a model on nodes: its rows get their first values, and what the nodes have of a model of this name is forgotten.</summary>
    /// <inheritdoc cref="OpenAsync"/>
    public static async Task<ShardedRowStore> CreateAsync(
        ShardedModel model, IReadOnlyList<IShardNode> nodes, ShardedRowStoreOptions? options = null, CancellationToken cancellation = default)
    {
        options ??= new ShardedRowStoreOptions();
        ulong generation = Shard.NewGeneration();
        int[] placed = Placement.Place(model.Name, model.BucketCount, [.. nodes.Select(n => n.Name)], options.Pins);
        var states = await Task.WhenAll(nodes.Select((node, n) =>
        {
            int[] buckets = [.. Enumerable.Range(0, placed.Length).Where(b => placed[b] == n)];
            return options.Retries.RunAsync(() => node.CreateAsync(model, buckets, generation, cancellation), cancellation);
        })).ConfigureAwait(false);
        return Join(model, nodes, states, options);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist.</exception>
    /// <exception cref="ShardException">A node refuses.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        if (batches.IsEmpty)
            return;
        Task? started;
        lock (_prefetched)
            _prefetched.Remove(batches[0], out started);
        if (started is null)
        {
            Drain();
            started = ReadAsync(batches);
        }

        started.GetAwaiter().GetResult();
    }

    /// <summary>Starts to read rows; <see cref="Gather"/> of the same batches, in the same order, then waits for them. Does nothing with a staleness of 1.</summary>
    /// <param name="batches">Batches of distinct rows; at most one per table. They must not change until they are gathered.</param>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist.</exception>
    public void Prefetch(ReadOnlySpan<RowBatch> batches)
    {
        if (_options.Staleness == 1 || batches.IsEmpty)
            return;
        var started = ReadAsync(batches);
        lock (_prefetched)
            _prefetched[batches[0]] = started;
    }

    /// <inheritdoc/>
    /// <remarks>Ends when fewer updates are on their way than the staleness allows. A failure of an earlier update is thrown here too.</remarks>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist; nothing has been changed.</exception>
    /// <exception cref="ShardException">A node refuses; others may have updated their rows.</exception>
    /// <exception cref="IOException">A node cannot be reached; others may have updated their rows.</exception>
    public void Apply(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        Optimizer.BeginStep();
        // An update that was sent on to where its buckets are now must not be overtaken by the next, which goes there directly.
        if (_updatedBy != Routes)
            Drain();
        _updatedBy = Routes;
        var plan = TakePlan();
        plan.Build(batches, new ShardRequestHeader
        {
            Kind = (ushort)ShardRequestKind.Apply,
            Worker = _options.Worker,
            Sequence = ++_sequence,
            Step = ((Optimizer.StepCount - 1) * _options.WorkerCount) + (long)_options.Worker,
            LearningRate = Optimizer.LearningRate,
        });
        _updates.Enqueue(UpdateAsync(plan));
        while (_updates.Count >= _options.Staleness)
            _updates.Dequeue().GetAwaiter().GetResult();
    }

    /// <summary>Waits until all updates have been acknowledged, and gives up what was prefetched: its batches may change again.</summary>
    /// <exception cref="ShardException">A node has refused.</exception>
    /// <exception cref="IOException">A node could not be reached.</exception>
    public void Settle()
    {
        Drain();
        Task[] reads;
        lock (_prefetched)
        {
            reads = [.. _prefetched.Values];
            _prefetched.Clear();
        }

        Task.WhenAll(reads).GetAwaiter().GetResult();
    }

    /// <summary>Forgets the model on all nodes.</summary>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public void Delete()
    {
        Settle();
        Task.WhenAll(_nodes.Select(n => _options.Retries.RunAsync(() => n.DeleteAsync(Model.Name, CancellationToken.None)))).GetAwaiter().GetResult();
    }

    /// <summary>Does nothing: the nodes belong to the caller.</summary>
    public void Dispose()
    {
    }

    private static ShardedRowStore Join(ShardedModel model, IReadOnlyList<IShardNode> nodes, IReadOnlyList<ShardState> states, ShardedRowStoreOptions options)
        => new(model, nodes, RouteTable.Join(model, [.. nodes.Select(n => n.Name)], states), options);

    private void Drain()
    {
        while (_updates.TryDequeue(out var update))
            update.GetAwaiter().GetResult();
    }

    private Task ReadAsync(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        foreach (var batch in batches)
            _ = batch.Values; // made here, so that no two threads make it
        var plan = TakePlan();
        plan.Build(batches, new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Gather });
        Task[] before = [.. _lastUpdates];
        return EndAsync();

        async Task EndAsync()
        {
            await Task.WhenAll(plan.UsedNodes.Select(AfterAsync)).ConfigureAwait(false);
            plan.Scatter();
            Return(plan);
        }

        // What was sent before to a node has to be in the rows.
        async Task AfterAsync(int n)
        {
            await before[n].ConfigureAwait(false);
            await SendAsync(n, plan.Nodes[n], ReadAsync).ConfigureAwait(false);
        }
    }

    private async Task UpdateAsync(RequestPlan plan)
    {
        foreach (int n in plan.UsedNodes)
            _lastUpdates[n] = AfterAsync(_lastUpdates[n], n);
        await Task.WhenAll(_lastUpdates).ConfigureAwait(false);
        Return(plan);

        async Task AfterAsync(Task before, int n)
        {
            await before.ConfigureAwait(false);
            await SendAsync(n, plan.Nodes[n], WriteAsync).ConfigureAwait(false);
        }
    }

    private async Task SendAsync(int node, NodeRequest request, Func<IShardNode, NodeRequest, Task> send)
    {
        try
        {
            await _options.Retries.RunAsync(() => send(_nodes[node], request)).ConfigureAwait(false);
            return;
        }
        catch (ShardException e) when (e.Kind == ShardErrorKind.Misplaced && _options.RetryTime > TimeSpan.Zero)
        {
            // Some of its buckets have moved. The node has changed nothing, so the request can be cut anew.
        }

        var rerouting = new Rerouting(request, await RefreshAsync().ConfigureAwait(false));
        await Task.WhenAll(rerouting.Parts.Select(p => SendAsync(p.Node, p.Request, send))).ConfigureAwait(false);
        rerouting.Join();
    }

    // A bucket that is on its way is on no node for a moment.
    private async Task<RouteTable> RefreshAsync()
    {
        string[] names = [.. _nodes.Select(n => n.Name)];
        var routes = await _options.RoutesRetries.RunAsync(async () =>
        {
            var states = await Task.WhenAll(_nodes.Select(n => n.FindAsync(Model.Name, CancellationToken.None))).ConfigureAwait(false);
            return RouteTable.Join(Model, names, [.. states.Select(s => s ?? new ShardState(Model.Id, Routes.Generation, [], [], 0))]);
        }).ConfigureAwait(false);
        Routes = routes;
        return routes;
    }

    private Task ReadAsync(IShardNode node, NodeRequest request) => node.ReadAsync(Model.Name, request.Request, request.Reply, CancellationToken.None);

    private Task WriteAsync(IShardNode node, NodeRequest request) => node.WriteAsync(Model.Name, request.Request, CancellationToken.None);

    private RequestPlan TakePlan()
    {
        lock (_plans)
        {
            while (_plans.TryPop(out var plan))
            {
                if (plan.Routes == Routes)
                    return plan;
            }
        }

        return new RequestPlan(Routes, _options.ThreadCount);
    }

    private void Return(RequestPlan plan)
    {
        lock (_plans)
            _plans.Push(plan);
    }
}
