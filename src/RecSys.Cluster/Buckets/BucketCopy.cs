using RecSys.Cluster.Snapshots;

namespace RecSys.Cluster.Buckets;

/// <summary>A copy of a bucket that another node owns, for reading.</summary>
/// <param name="Bucket">Number of the bucket.</param>
/// <param name="Link">The newest file that it has read.</param>
/// <param name="AgeSeconds">Seconds since it read that file.</param>
public sealed record BucketCopy(int Bucket, ChainLink Link, double AgeSeconds);
