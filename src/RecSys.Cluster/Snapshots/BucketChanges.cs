namespace RecSys.Cluster.Snapshots;

/// <summary>Rows of a bucket that changed between two files of its chain.</summary>
/// <param name="Bucket">Number of the bucket.</param>
/// <param name="Link">The newer of the two files: the one that the bucket has written or read last.</param>
/// <param name="Tables">The rows; null when it is not known which they are, so that any may have changed.</param>
public sealed record BucketChanges(int Bucket, ChainLink Link, IReadOnlyList<TableChanges>? Tables);
