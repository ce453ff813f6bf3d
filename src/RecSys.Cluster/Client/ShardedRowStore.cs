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
    public ulong Sequence { get; set; }

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
        Send(plan, (node, request) => node.ReadAsync(Model.Name, request.Request, request.Reply, CancellationToken.None));
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
        Sequence++;
        var header = new ShardRequestHeader
        {
            Kind = (ushort)ShardRequestKind.Apply,
            Worker = Worker,
            Sequence = Sequence,
            Step = Optimizer.StepCount,
            LearningRate = Optimizer.LearningRate,
        };
        _updates.Build(batches, header);
        Send(_updates, (node, request) => node.WriteAsync(Model.Name, request.Request, CancellationToken.None));
    }

    /// <summary>Does nothing: the nodes belong to the caller.</summary>
    public void Dispose()
    {
    }

    /// <summary>Where the buckets are.</summary>
    internal RouteTable Routes { get; }

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
