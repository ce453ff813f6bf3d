namespace RecSys.Cluster.Requests;

/// <summary>Rows of one table in one bucket that a request is about.</summary>
/// <param name="Bucket">Number of the bucket.</param>
/// <param name="Table">Index of the table.</param>
/// <param name="Count">Rows.</param>
/// <param name="FirstKey">Position of the first row among all of the request.</param>
/// <param name="FirstByte">Position of the first byte of its block among all blocks of the request or the answer.</param>
internal readonly record struct ShardEntry(int Bucket, int Table, int Count, int FirstKey, int FirstByte);
