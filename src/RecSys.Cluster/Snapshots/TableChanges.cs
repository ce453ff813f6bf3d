namespace RecSys.Cluster.Snapshots;

/// <summary>Rows of one table in a bucket that changed.</summary>
/// <param name="Table">Index of the table.</param>
/// <param name="Keys">Their keys in the bucket, as requests name them; some may be there several times.</param>
public sealed record TableChanges(int Table, IReadOnlyList<long> Keys);
