using RecSys.Cluster.Buckets;

namespace RecSys.Cluster;

/// <summary>What a node has of a model.</summary>
/// <param name="Model"><see cref="ShardedModel.Id"/>.</param>
/// <param name="Generation"><see cref="Shard.Generation"/>.</param>
/// <param name="Buckets">Numbers of its buckets, ascending.</param>
/// <param name="Leaving">Numbers of buckets that are on their way to another node: not served, and kept until the other has them.</param>
/// <param name="ByteCount">Bytes of rows, masks, the optimiser's state, and of what finds and chooses the ids of growing tables.</param>
public sealed record ShardState(ulong Model, ulong Generation, IReadOnlyList<int> Buckets, IReadOnlyList<int> Leaving, long ByteCount)
{
    /// <summary>Copies of buckets that other nodes own, ascending.</summary>
    public IReadOnlyList<BucketCopy> Copies { get; init; } = [];

    /// <summary>What became of the ids of growing tables in its buckets.</summary>
    public IReadOnlyList<GrowingState> Growing { get; init; } = [];
}
