namespace RecSys.Cluster.Log;

/// <summary>Receives the records of a log, oldest first.</summary>
/// <param name="lsn">Sequence number of the record.</param>
/// <param name="payload">Its bytes; they are overwritten after the call.</param>
public delegate void ReplayRecord(long lsn, ReadOnlySpan<byte> payload);
