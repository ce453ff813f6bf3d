using RecSys.Cluster.Requests;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;

namespace RecSys.Cluster.Client;

/// <summary>The rows of a model on the nodes of a cluster. A call sends one request to every node that has some of the rows.</summary>
/// <remarks>
/// <para><see cref="Gather"/> may run on several threads, <see cref="Apply"/> on one at a time. The nodes belong to the caller.</para>
/// <para>A node that is restarted is waited for. If it comes back without updates that it had acknowledged, its generation is another, and
/// calls fail with <see cref="ShardErrorKind.Conflict"/>: the trainer then goes back to its last checkpoint.</para>
/// </remarks>
public sealed class ShardedRowStore : IRowStore
{
    private static readonly TimeSpan s_firstWait = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan s_longestWait = TimeSpan.FromSeconds(1);
    private readonly IReadOnlyList<IShardNode> _nodes;
    private readonly ShardedRowStoreOptions _options;
    private readonly RequestPlan _updates;
    private readonly Stack<RequestPlan> _gathers = [];
    private ulong _sequence;

    private ShardedRowStore(ShardedModel model, IReadOnlyList<IShardNode> nodes, RouteTable routes, ShardedRowStoreOptions options)
    {
        Model = model;
        _nodes = nodes;
        Routes = routes;
        _options = options;
        Worker = options.Worker;
        Optimizer = model.CreateOptimizer();
        _updates = new RequestPlan(routes, _options.ThreadCount);
    }

    /// <summary>The model.</summary>
    public ShardedModel Model { get; }

    /// <inheritdoc/>
    public IReadOnlyList<TableSpec> Tables => Model.Tables;

    /// <summary>Learning rate and number of the step of the updates sent from here; the rows and their state are on the nodes.</summary>
    public SparseOptimizer Optimizer { get; }

    /// <summary>Number of this worker.</summary>
    public ulong Worker { get; }

    /// <summary>Number of the last update. A worker that goes on after a restart begins where its checkpoint says.</summary>
    public ulong Sequence
    {
        get => _sequence;
        set => _sequence = value;
    }

    /// <summary>Opens a model on nodes; where none of them knows it, its rows get their first values.</summary>
    /// <param name="model">The model.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="options">Settings of the client.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ShardException">The nodes have another model of this name, or do not have every bucket once.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public static async Task<ShardedRowStore> OpenAsync(
        ShardedModel model, IReadOnlyList<IShardNode> nodes, ShardedRowStoreOptions? options = null, CancellationToken cancellation = default)
    {
        string[] names = [.. nodes.Select(n => n.Name)];
        int[] placed = Placement.Place(model.Name, model.BucketCount, names);
        var states = await Task.WhenAll(nodes.Select((node, n) => node.OpenAsync(model, [.. Enumerable.Range(0, placed.Length).Where(b => placed[b] == n)], cancellation))).ConfigureAwait(false);
        return new ShardedRowStore(model, nodes, RouteTable.Join(model, names, states), options ?? new ShardedRowStoreOptions());
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist.</exception>
    /// <exception cref="ShardException">A node refuses.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public void Gather(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        foreach (var batch in batches)
            _ = batch.Values; // made here, so that no two threads make it
        var plan = TakeGather();
        plan.Build(batches, new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Gather });
        Send(plan, ReadAsync);
        plan.Scatter();
        lock (_gathers)
            _gathers.Push(plan);
    }

    /// <inheritdoc/>
    /// <exception cref="ArgumentException">A batch names a table or row that does not exist; nothing has been changed.</exception>
    /// <exception cref="ShardException">A node refuses; others may have updated their rows.</exception>
    /// <exception cref="IOException">A node cannot be reached; others may have updated their rows.</exception>
    public void Apply(ReadOnlySpan<RowBatch> batches)
    {
        RowJobs.Check(Tables, batches);
        Optimizer.BeginStep();
        _sequence++;
        var header = new ShardRequestHeader
        {
            Kind = (ushort)ShardRequestKind.Apply,
            Worker = Worker,
            Sequence = _sequence,
            Step = Optimizer.StepCount,
            LearningRate = Optimizer.LearningRate,
        };
        _updates.Build(batches, header);
        Send(_updates, WriteAsync);
    }

    /// <summary>Copies rows and the state of their optimiser from the nodes.</summary>
    /// <param name="rows">Receives them: tables of the same names and shapes, in any order; some of them or all.</param>
    /// <exception cref="ArgumentException">The model has no such table.</exception>
    /// <exception cref="ShardException">A node refuses.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    public void Pull(IReadOnlyList<RowTable> rows) => Transfer(rows, isWrite: false);

    /// <summary>Puts rows and the state of their optimiser into the place of those on the nodes.</summary>
    /// <param name="rows">Tables of the same names and shapes, in any order; some of them or all.</param>
    /// <exception cref="ArgumentException">The model has no such table.</exception>
    /// <exception cref="ShardException">A node refuses; some rows may have been changed.</exception>
    /// <exception cref="IOException">A node cannot be reached; some rows may have been changed.</exception>
    public void Push(IReadOnlyList<RowTable> rows) => Transfer(rows, isWrite: true);

    /// <summary>Does nothing: the nodes belong to the caller.</summary>
    public void Dispose()
    {
    }

    /// <summary>Where the buckets are.</summary>
    internal RouteTable Routes { get; }

    // Requests to a node follow one another, so its buckets see ascending sequences; nodes are served at the same time.
    private void Transfer(IReadOnlyList<RowTable> rows, bool isWrite)
    {
        var transfer = new TableTransfer(Routes);
        var tables = rows.Select(r => (Rows: r, Table: IndexOf(r.Spec))).ToList();
        Task.WhenAll(Enumerable.Range(0, _nodes.Count).Select(n => Task.Run(async () =>
        {
            var request = new NodeRequest();
            foreach ((var table, int index) in tables)
            {
                foreach (var piece in transfer.Pieces(n, index))
                {
                    transfer.Build(request, HeaderOf(isWrite), index, piece, isWrite ? table : null);
                    await SendAsync(_nodes[n], request, isWrite ? WriteAsync : ReadAsync).ConfigureAwait(false);
                    if (!isWrite)
                        transfer.Scatter(request, index, piece, table);
                }
            }
        }))).GetAwaiter().GetResult();
    }

    private ShardRequestHeader HeaderOf(bool isWrite) => isWrite
        ? new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Import, Worker = Worker, Sequence = Interlocked.Increment(ref _sequence), Step = Math.Max(1, Optimizer.StepCount) }
        : new ShardRequestHeader { Kind = (ushort)ShardRequestKind.Export };

    private int IndexOf(TableSpec spec)
    {
        int index = Tables.ToList().FindIndex(t => t.Name == spec.Name);
        if (index < 0 || (Tables[index].RowCount, Tables[index].Width, Tables[index].Precision) != (spec.RowCount, spec.Width, spec.Precision))
            throw new ArgumentException($"Model '{Model.Name}' has no table '{spec.Name}' of [{spec.RowCount} × {spec.Width}] numbers of {spec.Precision}.", nameof(spec));
        return index;
    }

    private Task ReadAsync(IShardNode node, NodeRequest request) => node.ReadAsync(Model.Name, request.Request, request.Reply, CancellationToken.None);

    private Task WriteAsync(IShardNode node, NodeRequest request) => node.WriteAsync(Model.Name, request.Request, CancellationToken.None);

    private RequestPlan TakeGather()
    {
        lock (_gathers)
            return _gathers.TryPop(out var plan) ? plan : new RequestPlan(Routes, _options.ThreadCount);
    }

    private void Send(RequestPlan plan, Func<IShardNode, NodeRequest, Task> send)
    {
        Task[] sent = [.. Enumerable.Range(0, _nodes.Count).Where(n => !plan.Nodes[n].IsEmpty).Select(n => SendAsync(_nodes[n], plan.Nodes[n], send))];
        Task.WhenAll(sent).GetAwaiter().GetResult();
    }

    private async Task SendAsync(IShardNode node, NodeRequest request, Func<IShardNode, NodeRequest, Task> send)
    {
        long started = _options.Time.GetTimestamp();
        for (var wait = s_firstWait; ; wait = TimeSpan.FromTicks(Math.Min(2 * wait.Ticks, s_longestWait.Ticks)))
        {
            try
            {
                await send(node, request).ConfigureAwait(false);
                return;
            }
            catch (Exception e) when (PassesOver(e) && _options.Time.GetElapsedTime(started) + wait <= _options.RetryTime)
            {
                await Task.Delay(wait, _options.Time).ConfigureAwait(false);
            }
        }
    }

    private static bool PassesOver(Exception error) => error is IOException or ShardException { Kind: ShardErrorKind.Overloaded or ShardErrorKind.Unavailable };
}
