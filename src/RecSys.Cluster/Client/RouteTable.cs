using RecSys.Cluster.Requests;

namespace RecSys.Cluster.Client;

/// <summary>Where the buckets of a model are. Immutable.</summary>
/// <param name="model">The model.</param>
/// <param name="generation"><see cref="Shard.Generation"/>, the same on all nodes.</param>
/// <param name="nodeOfBucket">For every bucket the index of its node.</param>
/// <param name="nodeCount">Number of nodes.</param>
internal sealed class RouteTable(ShardedModel model, ulong generation, int[] nodeOfBucket, int nodeCount)
{
    /// <summary>The model.</summary>
    public ShardedModel Model { get; } = model;

    /// <summary>Generation of the rows.</summary>
    public ulong Generation { get; } = generation;

    /// <summary>Number of nodes.</summary>
    public int NodeCount { get; } = nodeCount;

    /// <summary>Buckets of each node, ascending.</summary>
    public int[][] BucketsOfNode { get; } =
        [.. Enumerable.Range(0, nodeCount).Select(n => Enumerable.Range(0, nodeOfBucket.Length).Where(b => nodeOfBucket[b] == n).ToArray())];

    /// <summary>The node of a bucket.</summary>
    /// <param name="bucket">Number of the bucket.</param>
    public int NodeOf(int bucket) => nodeOfBucket[bucket];

    /// <summary>A header with what all requests for the model have in common.</summary>
    /// <param name="header">The header without.</param>
    public ShardRequestHeader Filled(ShardRequestHeader header) => header with
    {
        Magic = ShardRequestHeader.MagicNumber,
        Version = ShardRequestHeader.CurrentVersion,
        Model = Model.Id,
        Generation = Generation,
    };

    /// <summary>Joins what the nodes say that they have.</summary>
    /// <param name="model">The model.</param>
    /// <param name="nodes">Names of the nodes.</param>
    /// <param name="states">What each has.</param>
    /// <exception cref="ShardException">A bucket is on no node or on two, or the nodes are of different generations.</exception>
    public static RouteTable Join(ShardedModel model, IReadOnlyList<string> nodes, IReadOnlyList<ShardState> states)
    {
        for (int n = 0; n < states.Count; n++)
        {
            if (states[n].Model != model.Id)
                throw new ShardException(ShardErrorKind.Conflict, $"Node '{nodes[n]}' has another model named '{model.Name}': its tables, optimiser, seed or number of buckets differ.");
        }

        if (states.Select(s => s.Generation).Distinct().Count() > 1)
            throw new ShardException(ShardErrorKind.Conflict, $"The nodes have model '{model.Name}' in different generations: {string.Join(", ", nodes.Zip(states, (n, s) => $"{n} {s.Generation}"))}. Restore one snapshot on all of them.");
        int[] nodeOfBucket = new int[model.BucketCount];
        Array.Fill(nodeOfBucket, -1);
        for (int n = 0; n < states.Count; n++)
        {
            foreach (int bucket in states[n].Buckets)
            {
                // Nodes do not answer at one moment: a bucket may have been counted before it left and after it arrived.
                if (nodeOfBucket[bucket] >= 0)
                    throw new ShardException(ShardErrorKind.Misplaced, $"Bucket {bucket} of model '{model.Name}' is on two nodes, {nodes[nodeOfBucket[bucket]]} and {nodes[n]}.");
                nodeOfBucket[bucket] = n;
            }
        }

        int missing = Array.IndexOf(nodeOfBucket, -1);
        if (missing >= 0)
            throw new ShardException(ShardErrorKind.Misplaced, $"Bucket {missing} of model '{model.Name}' is on none of the nodes {string.Join(", ", nodes)}.");
        return new RouteTable(model, states[0].Generation, nodeOfBucket, states.Count);
    }
}
