namespace RecSys.Cluster;

/// <summary>What a node has of a model.</summary>
/// <param name="Model"><see cref="ShardedModel.Id"/>.</param>
/// <param name="Generation"><see cref="Shard.Generation"/>.</param>
/// <param name="Buckets">Numbers of its buckets, ascending.</param>
/// <param name="ByteCount">Bytes of rows, masks and the optimiser's state.</param>
public sealed record ShardState(ulong Model, ulong Generation, IReadOnlyList<int> Buckets, long ByteCount);
