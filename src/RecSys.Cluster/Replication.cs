using System.Collections.Concurrent;
using RecSys.Cluster.Snapshots;

namespace RecSys.Cluster;

/// <summary>Keeps copies of buckets on other nodes, for reading: whole at first, then what has changed.</summary>
/// <remarks>
/// A copy is as old as the last round. Nothing is remembered by the nodes about who copies: a round after a restart sends whole buckets again,
/// and so does one whose delta a copy cannot follow, for example because a snapshot was written between. Not thread-safe.
/// </remarks>
/// <param name="nodes">All nodes: those that own buckets and those for copies.</param>
/// <param name="model">Name of the model.</param>
/// <param name="folder">Folder for files on their way.</param>
public sealed class Replication(IReadOnlyList<IShardNode> nodes, string model, string folder)
{
    private readonly ConcurrentDictionary<(int Bucket, string Node), ChainLink> _sent = [];

    /// <summary>What a round has sent.</summary>
    /// <param name="Whole">Whole buckets.</param>
    /// <param name="Deltas">Deltas.</param>
    /// <param name="Bytes">Bytes of both.</param>
    public sealed record Round(int Whole, int Deltas, long Bytes);

    /// <summary>Brings all copies up to date.</summary>
    /// <param name="targets">Names of nodes for copies. A node that owns a bucket gets no copy of it.</param>
    /// <param name="copies">Copies of every bucket, at least 1; fewer where there are fewer targets.</param>
    /// <param name="cancellation">Gives up; the next round goes on.</param>
    /// <exception cref="ShardException">No node knows the model, or a node refuses.</exception>
    /// <exception cref="IOException">A node cannot be reached.</exception>
    /// <exception cref="ArgumentException">A target is no node, or a bucket has no other node than its own.</exception>
    public async Task<Round> RunAsync(IReadOnlyList<string> targets, int copies, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(copies, 1);
        if (targets.FirstOrDefault(t => nodes.All(n => n.Name != t)) is { } unknown)
            throw new ArgumentException($"There is no node '{unknown}'; valid: {string.Join(", ", nodes.Select(n => n.Name))}.", nameof(targets));
        var states = (await Task.WhenAll(nodes.Select(async n => (Node: n, State: await n.FindAsync(model, cancellation).ConfigureAwait(false)))).ConfigureAwait(false)).ToDictionary(s => s.Node.Name);
        var owners = states.Values.Where(s => s.State?.Buckets.Count > 0).ToList();
        if (owners.Count == 0)
            throw new ShardException(ShardErrorKind.NotFound, $"No node has a model '{model}'.");
        var plan = owners.SelectMany(o => o.State!.Buckets.Select(b => (Owner: o.Node, Bucket: b, Copies: TargetsOf(b, o.Node.Name)))).ToList();
        await PrepareAsync(owners[0].Node, owners[0].State!.Generation).ConfigureAwait(false);
        var rounds = await Task.WhenAll(plan.GroupBy(p => p.Owner).Select(o => Task.Run(() => CopyAsync([.. o], cancellation), cancellation))).ConfigureAwait(false);
        return new Round(rounds.Sum(r => r.Whole), rounds.Sum(r => r.Deltas), rounds.Sum(r => r.Bytes));

        IShardNode[] TargetsOf(int bucket, string owner)
        {
            string[] names = [.. Placement.Rank(model, bucket, targets).Where(t => t != owner).Take(copies)];
            return names.Length == 0
                ? throw new ArgumentException($"Bucket {bucket} of model '{model}' is on node '{owner}', and there is no other node for a copy.", nameof(targets))
                : [.. names.Select(t => states[t].Node)];
        }

        // Every target knows the model in the generation of its rows, and has no copy that is not brought up to date.
        async Task PrepareAsync(IShardNode owner, ulong generation)
        {
            var described = await owner.DescribeAsync(model, cancellation).ConfigureAwait(false);
            foreach ((var node, var state) in states.Values)
            {
                if (state is null || (state.Generation != generation && state.Buckets.Count == 0))
                {
                    if (plan.Any(p => p.Copies.Contains(node)))
                        await node.CreateAsync(described, [], generation, cancellation).ConfigureAwait(false);
                    continue;
                }

                foreach (var copy in state.Copies.Where(c => !plan.Any(p => p.Bucket == c.Bucket && p.Copies.Contains(node))))
                    await node.ForgetAsync(model, copy.Bucket, cancellation).ConfigureAwait(false);
            }

            // What a target has lost since, it needs whole.
            foreach (var key in _sent.Keys.Where(k => states[k.Node].State?.Copies.Any(c => c.Bucket == k.Bucket && c.Link == _sent[k]) != true).ToList())
                _sent.TryRemove(key, out _);
        }
    }

    private async Task<Round> CopyAsync((IShardNode Owner, int Bucket, IShardNode[] Copies)[] buckets, CancellationToken cancellation)
    {
        int whole = 0;
        int deltas = 0;
        long bytes = 0;
        foreach ((var owner, int bucket, var copies) in buckets)
        {
            string path = Path.Combine(folder, FormattableString.Invariant($"{model}-{bucket}.copy"));
            try
            {
                bool isDelta = await DeltaAsync(owner, bucket, copies, path, cancellation).ConfigureAwait(false);
                if (!isDelta)
                    await WholeAsync(owner, bucket, copies, path, cancellation).ConfigureAwait(false);
                whole += isDelta ? 0 : copies.Length;
                deltas += isDelta ? copies.Length : 0;
                bytes += new FileInfo(path).Length * copies.Length;
            }
            finally
            {
                File.Delete(path);
            }
        }

        return new Round(whole, deltas, bytes);
    }

    private async Task<bool> DeltaAsync(IShardNode owner, int bucket, IShardNode[] copies, string path, CancellationToken cancellation)
    {
        if (copies.Any(c => !_sent.ContainsKey((bucket, c.Name))))
            return false;
        try
        {
            await owner.CopyAsync(model, bucket, chain: 0, path, cancellation).ConfigureAwait(false);
            await FollowAsync(bucket, copies, path, c => _sent[(bucket, c.Name)].Next, cancellation).ConfigureAwait(false);
            return true;
        }
        catch (ShardException e) when (e.Kind is ShardErrorKind.Conflict or ShardErrorKind.Invalid)
        {
            // There is a file between that a copy has not.
            return false;
        }
    }

    private async Task WholeAsync(IShardNode owner, int bucket, IShardNode[] copies, string path, CancellationToken cancellation)
    {
        ulong chain = Shard.NewGeneration();
        await owner.CopyAsync(model, bucket, chain, path, cancellation).ConfigureAwait(false);
        await FollowAsync(bucket, copies, path, _ => new ChainLink(chain, 0), cancellation).ConfigureAwait(false);
    }

    private async Task FollowAsync(int bucket, IShardNode[] copies, string path, Func<IShardNode, ChainLink> link, CancellationToken cancellation)
    {
        foreach (var copy in copies)
        {
            await copy.FollowAsync(model, bucket, path, cancellation).ConfigureAwait(false);
            _sent[(bucket, copy.Name)] = link(copy);
        }
    }
}
