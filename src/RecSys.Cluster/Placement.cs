using RecSys.Embeddings.Kernels;

namespace RecSys.Cluster;

/// <summary>Which node each bucket belongs to.</summary>
/// <remarks>
/// Rendezvous hashing (Thaler and Ravishankar, "Using name-based mappings to increase hit rates", IEEE/ACM Transactions on Networking,
/// 1998) with a bound on the load: every node scores every bucket by a hash of both names, and a bucket goes to the node with the highest
/// score that still has room. So nodes hold the same number of buckets, give or take one, and when a node comes or goes, few
/// buckets move besides those that have to.
/// </remarks>
public static class Placement
{
    /// <summary>Nodes by how much they want a bucket, whatever they have already.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="bucket">Number of the bucket.</param>
    /// <param name="nodes">Names of the nodes.</param>
    public static IEnumerable<string> Rank(string model, int bucket, IReadOnlyList<string> nodes) => nodes.OrderByDescending(n => Wish(Salt(model, n), bucket));

    /// <summary>Places buckets.</summary>
    /// <param name="model">Name of the model.</param>
    /// <param name="bucketCount">Number of buckets.</param>
    /// <param name="nodes">Names of the nodes, at least one.</param>
    /// <param name="pins">Buckets that somebody wants on a certain node, and its name; pins to other nodes than these do not count. The rest is
    /// placed so that the nodes hold as much as each other where that is possible.</param>
    /// <returns>For every bucket the index of its node.</returns>
    /// <exception cref="ArgumentException">There is no node, or two have one name.</exception>
    public static int[] Place(string model, int bucketCount, IReadOnlyList<string> nodes, IReadOnlyDictionary<int, string>? pins = null)
    {
        if (nodes.Count == 0 || nodes.Distinct(StringComparer.Ordinal).Count() < nodes.Count)
            throw new ArgumentException("Buckets are placed on at least one node, and every node has a name of its own.", nameof(nodes));

        int[] placed = new int[bucketCount];
        for (int bucket = 0; bucket < bucketCount; bucket++)
            placed[bucket] = pins is not null && pins.TryGetValue(bucket, out string? pinned) ? nodes.ToList().IndexOf(pinned) : -1;
        int[] room = Rooms(placed, nodes);
        ulong[] salts = [.. nodes.Select(n => Salt(model, n))];
        var wishes = from bucket in Enumerable.Range(0, bucketCount)
                     from node in Enumerable.Range(0, nodes.Count)
                     orderby Wish(salts[node], bucket) descending
                     select (Bucket: bucket, Node: node);
        foreach ((int bucket, int node) in wishes)
        {
            if (placed[bucket] >= 0 || room[node] == 0)
                continue;
            placed[bucket] = node;
            room[node]--;
        }

        return placed;
    }

    // One bucket after the other to the node that has fewest; the first nodes, by name, hold one more where they cannot all hold as many.
    private static int[] Rooms(int[] placed, IReadOnlyList<string> nodes)
    {
        int[] held = [.. nodes.Select((_, n) => placed.Count(p => p == n))];
        int[] room = new int[nodes.Count];
        int[] byName = [.. Enumerable.Range(0, nodes.Count).OrderBy(n => nodes[n], StringComparer.Ordinal)];
        for (int i = placed.Count(p => p < 0); i > 0; i--)
            room[byName.MinBy(n => held[n] + room[n])]++;
        return room;
    }

    private static ulong Salt(string model, string node) => RowHash.Salt(RowHash.Salt(0, model, 0), node, 0);

    private static ulong Wish(ulong salt, int bucket) => RowHash.Mix(salt + (ulong)bucket);
}
