using Orleans;
using RecSys.Cluster;

namespace RecSys.Orleans.Grains;

/// <summary>A <see cref="ShardException"/> as Orleans sends it: without what it follows from, which is for the silo's log.</summary>
[GenerateSerializer]
[Alias("recsys.shard-error")]
internal readonly record struct ShardExceptionSurrogate([property: Id(0)] ShardErrorKind Kind, [property: Id(1)] string Message);
