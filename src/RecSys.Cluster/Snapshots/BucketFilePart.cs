using System.Runtime.InteropServices;

namespace RecSys.Cluster.Snapshots;

/// <summary>The rows of one table in a bucket file.</summary>
/// <param name="Table">Index of the table.</param>
/// <param name="IsWhole">1 when all rows are there, and the places of fixed ones are left out; 0 otherwise.</param>
/// <param name="Count">Rows.</param>
[StructLayout(LayoutKind.Sequential, Pack = 8)]
internal readonly record struct BucketFilePart(int Table, int IsWhole, long Count);
