namespace RecSys.Cluster.Log;

/// <summary>What was cut off the end of a log when it was opened: bytes that no caller had been told were durable.</summary>
/// <param name="Path">The segment that was cut, always the last one.</param>
/// <param name="Offset">Where the segment ends now.</param>
/// <param name="ByteCount">Number of bytes that followed.</param>
/// <param name="Reason">Why the record at <paramref name="Offset"/> was not valid.</param>
public sealed record TornTail(string Path, long Offset, long ByteCount, string Reason);
