using Orleans;

namespace RecSys.Orleans.Grains;

/// <summary>What clients have to know of a cluster.</summary>
/// <param name="GroupCount">Groups.</param>
/// <param name="LargestByteCount">Most bytes of a request or an answer: a longer message would be dropped, and waited for in vain.</param>
[GenerateSerializer]
[Alias("recsys.shard-limits")]
internal readonly record struct GroupLimits([property: Id(0)] int GroupCount, [property: Id(1)] int LargestByteCount);
