namespace RecSys.Cluster.Client;

/// <summary>Where the buckets of a model and their copies are: several route tables, each over all buckets, that take turns. Thread-safe.</summary>
internal sealed class ReadRoutes
{
    private readonly int[][] _nodesOfBucket;
    private readonly RouteTable[] _tables;
    private readonly Stack<RequestPlan>[] _plans;

    private ReadRoutes(ShardedModel model, ulong generation, int[][] nodesOfBucket, int nodeCount)
    {
        Model = model;
        Generation = generation;
        _nodesOfBucket = nodesOfBucket;
        // One turn later a bucket is at another node, where all have as many copies; a request that would meet its node again is not hedged.
        int turns = nodesOfBucket.Max(n => n.Length);
        _tables = [.. Enumerable.Range(0, turns).Select(turn => new RouteTable(model, generation, [.. nodesOfBucket.Select(n => n[turn % n.Length])], nodeCount))];
        _plans = [.. _tables.Select(_ => new Stack<RequestPlan>())];
    }

    /// <summary>The model.</summary>
    public ShardedModel Model { get; }

    /// <summary>Generation of the rows.</summary>
    public ulong Generation { get; }

    /// <summary>Buckets and copies at a node.</summary>
    /// <param name="node">Index of the node.</param>
    public IEnumerable<int> BucketsAt(int node) => Enumerable.Range(0, _nodesOfBucket.Length).Where(b => _nodesOfBucket[b].Contains(node));

    /// <summary>The route table for a request's second try.</summary>
    /// <param name="number">Number of the request.</param>
    public RouteTable Other(long number) => _tables[(number + 1) % _tables.Length];

    /// <summary>A plan for a request.</summary>
    /// <param name="number">Number of the request.</param>
    /// <param name="threadCount">Threads that it may use.</param>
    public RequestPlan TakePlan(long number, int threadCount)
    {
        var plans = _plans[number % _tables.Length];
        lock (plans)
        {
            if (plans.TryPop(out var plan))
                return plan;
        }

        return new RequestPlan(_tables[number % _tables.Length], threadCount);
    }

    /// <summary>Gives a plan back.</summary>
    /// <param name="number">Number of its request.</param>
    /// <param name="plan">The plan, which nobody writes to any more.</param>
    public void Return(long number, RequestPlan plan)
    {
        var plans = _plans[number % _tables.Length];
        lock (plans)
            plans.Push(plan);
    }

    /// <summary>True when the same buckets and copies are at the same nodes.</summary>
    /// <param name="other">Other routes of the model.</param>
    public bool IsSame(ReadRoutes other) => Generation == other.Generation && _nodesOfBucket.Zip(other._nodesOfBucket).All(b => b.First.AsSpan().SequenceEqual(b.Second));

    /// <summary>Joins what the nodes say that they have.</summary>
    /// <param name="model">The model.</param>
    /// <param name="nodes">The nodes.</param>
    /// <param name="states">What each has; null for one that does not answer or does not know the model.</param>
    /// <param name="largestAge">Copies that have not been brought up to date for longer do not count.</param>
    /// <exception cref="ShardException">A bucket is on no node.</exception>
    public static ReadRoutes Join(ShardedModel model, IReadOnlyList<IShardNode> nodes, IReadOnlyList<ShardState?> states, TimeSpan largestAge)
    {
        // While rows begin anew some nodes may still have the former ones.
        var known = states.Select((s, n) => (State: s, Node: n)).Where(s => s.State is not null && s.State.Model == model.Id).ToList();
        ulong generation = known.GroupBy(s => s.State!.Generation).MaxBy(g => g.Sum(s => s.State!.Buckets.Count + s.State.Copies.Count))?.Key ?? 0;
        List<int>[] nodesOfBucket = [.. Enumerable.Range(0, model.BucketCount).Select(_ => new List<int>())];
        foreach ((var state, int node) in known.Where(s => s.State!.Generation == generation))
        {
            foreach (int bucket in state!.Buckets)
                nodesOfBucket[bucket].Insert(0, node);
            foreach (var copy in state.Copies.Where(c => c.AgeSeconds <= largestAge.TotalSeconds))
                nodesOfBucket[copy.Bucket].Add(node);
        }

        int missing = Array.FindIndex(nodesOfBucket, n => n.Count == 0);
        if (missing >= 0)
            throw new ShardException(ShardErrorKind.Misplaced, $"Bucket {missing} of model '{model.Name}' is on none of the nodes {string.Join(", ", nodes.Select(n => n.Name))}.");
        return new ReadRoutes(model, generation, [.. nodesOfBucket.Select(n => n.ToArray())], nodes.Count);
    }
}
