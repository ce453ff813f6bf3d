namespace RecSys.Cluster;

/// <summary>Moves buckets between nodes while they are read and updated.</summary>
/// <remarks>
/// A bucket is served by nobody while it is moved, and by exactly one node before and after; clients wait for it. What was interrupted is
/// ended by doing it again: a bucket is kept by the old node until the new one has it on disk.
/// </remarks>
/// <param name="nodes">All nodes, those that come and those that go.</param>
/// <param name="pins">See <see cref="Placement.Place"/>.</param>
public sealed class Resharding(IReadOnlyList<IShardNode> nodes, IReadOnlyDictionary<int, string>? pins = null)
{
    /// <summary>A bucket and the node that it goes to.</summary>
    /// <param name="Bucket">Number of the bucket.</param>
    /// <param name="From">Node that has it.</param>
    /// <param name="To">Node that will.</param>
    public sealed record Move(int Bucket, string From, string To);

    /// <summary>What has to be moved so that some of the nodes, and no others, hold a model.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="targets">Names of the nodes that are to hold it.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ShardException">No node knows the model.</exception>
    /// <exception cref="ArgumentException">There is no target, or it is no node.</exception>
    public async Task<IReadOnlyList<Move>> PlanAsync(string model, IReadOnlyList<string> targets, CancellationToken cancellation = default)
    {
        if (targets.FirstOrDefault(t => nodes.All(n => n.Name != t)) is { } unknown)
            throw new ArgumentException($"There is no node '{unknown}'; valid: {string.Join(", ", nodes.Select(n => n.Name))}.", nameof(targets));
        var states = await StatesAsync(model, cancellation).ConfigureAwait(false);
        var described = await DescribeAsync(model, states, cancellation).ConfigureAwait(false);
        int[] placed = Placement.Place(model, described.BucketCount, targets, pins);
        return [.. from state in states
                   where state.State is not null
                   from bucket in state.State.Buckets.Concat(state.State.Leaving)
                   where state.State.Leaving.Contains(bucket) || targets[placed[bucket]] != state.Node.Name
                   orderby bucket
                   select new Move(bucket, state.Node.Name, targets[placed[bucket]])];
    }

    /// <summary>Makes moves, one after the other.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="moves">What <see cref="PlanAsync"/> says.</param>
    /// <param name="folder">Folder for the file of a bucket on its way.</param>
    /// <param name="moved">Told of every move.</param>
    /// <param name="cancellation">Gives up after the move that is at work.</param>
    public async Task RunAsync(string model, IReadOnlyList<Move> moves, string folder, Action<Move>? moved = null, CancellationToken cancellation = default)
    {
        var states = await StatesAsync(model, cancellation).ConfigureAwait(false);
        var described = await DescribeAsync(model, states, cancellation).ConfigureAwait(false);
        ulong generation = states.First(s => s.State is not null).State!.Generation;
        foreach (var node in moves.Select(m => m.To).Distinct().Select(Find).Where(n => states.Single(s => s.Node == n).State is null))
            await node.CreateAsync(described, [], generation, cancellation).ConfigureAwait(false);
        foreach (var move in moves)
        {
            cancellation.ThrowIfCancellationRequested();
            await MoveAsync(model, move, Path.Combine(folder, FormattableString.Invariant($"{model}-{move.Bucket}.moving"))).ConfigureAwait(false);
            moved?.Invoke(move);
        }
    }

    // Once it is detached it has to arrive, so nothing here is given up.
    private async Task MoveAsync(string model, Move move, string path)
    {
        var from = Find(move.From);
        var target = await Find(move.To).FindAsync(model, CancellationToken.None).ConfigureAwait(false);
        if (target?.Buckets.Contains(move.Bucket) != true)
        {
            try
            {
                await from.DetachAsync(model, move.Bucket, path, CancellationToken.None).ConfigureAwait(false);
                await Find(move.To).AttachAsync(model, move.Bucket, path, CancellationToken.None).ConfigureAwait(false);
            }
            finally
            {
                File.Delete(path);
            }
        }

        if (move.From != move.To)
            await from.ForgetAsync(model, move.Bucket, CancellationToken.None).ConfigureAwait(false);
    }

    private async Task<List<(IShardNode Node, ShardState? State)>> StatesAsync(string model, CancellationToken cancellation)
    {
        var states = await Task.WhenAll(nodes.Select(n => n.FindAsync(model, cancellation))).ConfigureAwait(false);
        return [.. nodes.Zip(states)];
    }

    private static Task<ShardedModel> DescribeAsync(string model, List<(IShardNode Node, ShardState? State)> states, CancellationToken cancellation)
        => states.Find(s => s.State is not null).Node?.DescribeAsync(model, cancellation)
            ?? throw new ShardException(ShardErrorKind.NotFound, $"No node has a model '{model}'.");

    private IShardNode Find(string name) => nodes.First(n => n.Name == name);
}
