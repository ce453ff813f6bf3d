namespace RecSys.Cluster.Snapshots;

/// <summary>A file of the chain of a bucket.</summary>
/// <param name="Bucket">Number of the bucket.</param>
/// <param name="Link">The file.</param>
public sealed record BucketLink(int Bucket, ChainLink Link);
