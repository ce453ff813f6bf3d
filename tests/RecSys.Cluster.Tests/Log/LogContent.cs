using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>Appends and compares records.</summary>
internal static class LogContent
{
    public static byte[] RandomPayload(Random random, int maxByteCount)
    {
        byte[] payload = new byte[random.Next(maxByteCount + 1)];
        random.NextBytes(payload);
        return payload;
    }

    /// <summary>Appends a record, cut in two parts at its middle.</summary>
    public static long Append(this WriteAheadLog log, byte[] payload) =>
        log.Append(payload.AsSpan(0, payload.Length / 2), payload.AsSpan(payload.Length / 2));

    public static List<byte[]> ReadAll(this WriteAheadLog log, long firstLsn)
    {
        List<byte[]> records = [];
        log.Replay(firstLsn, (lsn, payload) =>
        {
            Assert.Equal(firstLsn + records.Count, lsn);
            records.Add(payload.ToArray());
        });
        return records;
    }

    /// <summary>Asserts that a log from LSN 1 holds exactly the first records of a list.</summary>
    public static void AssertHolds(this WriteAheadLog log, IReadOnlyList<byte[]> records, int count, string message)
    {
        List<byte[]> found = log.ReadAll(1);
        Assert.True(found.Count == count, $"{message}: {found.Count} records, expected {count}.");
        Assert.True(log.LastLsn == count, $"{message}: the last record is {log.LastLsn}, expected {count}.");
        for (int i = 0; i < count; i++)
            Assert.True(found[i].AsSpan().SequenceEqual(records[i]), $"{message}: record {i + 1} differs.");
    }
}
