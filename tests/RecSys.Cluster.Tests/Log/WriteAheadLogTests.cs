using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

public sealed class WriteAheadLogTests : IDisposable
{
    private readonly LogFolder _folder = new();

    private string LogPath => _folder.Of("a/log");

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Replay_RandomRecordsOverManySegmentsAndOpenings_ReturnsThemAll(int seed)
    {
        var random = new Random(seed);
        var options = new WriteAheadLogOptions { SegmentByteCount = 200_000 };
        List<byte[]> records = [];
        for (int round = 0; round < 8; round++)
        {
            using WriteAheadLog log = WriteAheadLog.Open(LogPath, options);
            Assert.Null(log.TornTail);
            Assert.Equal(records.Count, log.DurableLsn);
            log.AssertHolds(records, records.Count, $"seed {seed}, round {round}");
            for (int i = random.Next(30); i >= 0; i--)
            {
                // Empty, small, around the size that is written in one call, and larger than a segment.
                int limit = random.Next(5) switch { 0 => 0, 1 => 20, 2 => 3_000, 3 => 90_000, _ => 300_000 };
                records.Add(LogContent.RandomPayload(random, limit));
                Assert.Equal(records.Count, log.Append(records[^1]));
            }

            if (random.Next(2) == 0)
                await log.WhenDurable(log.LastLsn);
            log.AssertHolds(records, records.Count, $"seed {seed}, round {round}, before closing");
        }

        Assert.True(LogSegment.Find(LogPath).Count > 3, $"seed {seed}");
        Assert.Equal(LogSegment.Find(LogPath).Sum(segment => segment.ByteCount), Reopen(log => log.ByteCount, options));
    }

    [Fact]
    public void TruncateBefore_EveryLsn_DeletesWholeOlderSegmentsOnly()
    {
        var options = new WriteAheadLogOptions { SegmentByteCount = 4096 };
        var random = new Random(5);
        List<byte[]> records = [];
        using (WriteAheadLog log = WriteAheadLog.Open(LogPath, options))
        {
            for (int i = 0; i < 60; i++)
            {
                records.Add(LogContent.RandomPayload(random, 1000));
                log.Append(records[^1]);
            }
        }

        for (long lsn = 1; lsn <= 61; lsn++)
        {
            using WriteAheadLog log = WriteAheadLog.Open(LogPath, options);
            List<LogSegment> before = LogSegment.Find(LogPath);
            log.TruncateBefore(lsn);
            List<LogSegment> after = LogSegment.Find(LogPath);
            Assert.Equal(before.Where((segment, i) => i + 1 == before.Count || before[i + 1].FirstLsn > lsn), after);
            Assert.Equal(after[0].FirstLsn, log.FirstLsn);
            Assert.Equal(after.Sum(segment => segment.ByteCount), log.ByteCount);
            Assert.True(log.FirstLsn <= lsn);
            Assert.Equal(records[(int)(log.FirstLsn - 1)..], log.ReadAll(log.FirstLsn));
            Assert.Equal(records[(int)Math.Max(log.FirstLsn - 1, lsn - 1)..], log.ReadAll(Math.Max(log.FirstLsn, lsn)));
        }

        Assert.Equal(61, Reopen(log => log.Append([]), options));
        Assert.Single(LogSegment.Find(LogPath));
    }

    [Fact]
    public async Task TruncateBefore_WhileRecordsAreAppended_KeepsTheNewerOnes()
    {
        const int Count = 2000;
        var options = new WriteAheadLogOptions { SegmentByteCount = 4096 };
        using (WriteAheadLog log = WriteAheadLog.Open(LogPath, options))
        {
            Task writer = Task.Run(async () =>
            {
                for (int i = 1; i <= Count; i++)
                {
                    long lsn = log.Append(BitConverter.GetBytes(i), new byte[100]);
                    if (i % 10 == 0)
                        await log.WhenDurable(lsn);
                }
            });
            while (!writer.IsCompleted)
            {
                long durable = log.DurableLsn;
                log.TruncateBefore(durable - 50);
                Assert.True(log.FirstLsn <= Math.Max(1, durable - 50));
                log.Replay(log.FirstLsn, (lsn, payload) => Assert.Equal(lsn, BitConverter.ToInt32(payload)));
            }

            await writer;
        }

        using WriteAheadLog opened = WriteAheadLog.Open(LogPath, options);
        Assert.Equal(Count, opened.DurableLsn);
        Assert.Equal(Count - opened.FirstLsn + 1, opened.ReadAll(opened.FirstLsn).Count);
    }

    [Fact]
    public void Open_AfterInterruptedTruncation_DeletesWhatIsLeft()
    {
        var options = new WriteAheadLogOptions { SegmentByteCount = 4096 };
        using (WriteAheadLog log = WriteAheadLog.Open(LogPath, options))
        {
            for (int i = 0; i < 10; i++)
                log.Append(new byte[2000]);
            SortedDictionary<string, byte[]> files = LogFolder.Files(LogPath);
            log.TruncateBefore(9);

            // The mark is changed before the first segment is deleted.
            files[MarkFile.Name] = LogFolder.Files(LogPath)[MarkFile.Name];
            _folder.Write("b", files);
        }

        using WriteAheadLog opened = WriteAheadLog.Open(_folder.Of("b"), options);
        Assert.Equal(9, opened.FirstLsn);
        Assert.Equal(2, opened.ReadAll(9).Count);
        Assert.Equal(LogSegment.Find(LogPath).Select(segment => segment.FirstLsn), LogSegment.Find(_folder.Of("b")).Select(segment => segment.FirstLsn));
    }

    [Fact]
    public void Open_LogInUse_Throws()
    {
        using WriteAheadLog log = WriteAheadLog.Open(LogPath, new WriteAheadLogOptions());
        Assert.Throws<IOException>(() => WriteAheadLog.Open(LogPath, new WriteAheadLogOptions()));
        Assert.Equal(1, log.Append([1, 2]));
    }

    [Fact]
    public void Open_UnfinishedFiles_DeletesThem()
    {
        Reopen(log => log.Append([1]));
        string unfinished = Path.Combine(LogPath, "00000000000000000002.log" + SegmentWriter.TemporaryExtension);
        File.WriteAllText(unfinished, "half");
        Assert.Equal(2, Reopen(log => log.Append([2])));
        Assert.False(File.Exists(unfinished));
    }

    [Fact]
    public void Append_RecordAboveLimit_ThrowsAndTakesTheNext()
    {
        var options = new WriteAheadLogOptions { MaxRecordByteCount = 100 };
        Reopen(
            log =>
            {
                Assert.Throws<ArgumentException>(() => log.Append(new byte[60], new byte[41]));
                return log.Append(new byte[60], new byte[40]);
            },
            options);
        Assert.Throws<InvalidDataException>(() => WriteAheadLog.Open(LogPath, new WriteAheadLogOptions { MaxRecordByteCount = 99 }));
        Assert.Equal(1, Reopen(log => log.LastLsn, options));
    }

    [Fact]
    public void Replay_OutsideTheLog_Throws()
    {
        Reopen(log =>
        {
            log.Append([1]);
            Assert.Throws<ArgumentOutOfRangeException>(() => log.Replay(0, (_, _) => { }));
            Assert.Throws<ArgumentOutOfRangeException>(() => log.Replay(3, (_, _) => { }));
            Assert.Throws<ArgumentOutOfRangeException>(() => log.TruncateBefore(3));
            Assert.Empty(log.ReadAll(2));
            return 0;
        });
    }

    [Fact]
    public async Task Append_AfterDispose_Throws()
    {
        WriteAheadLog log = WriteAheadLog.Open(LogPath, new WriteAheadLogOptions());
        log.Append([1]);
        log.Dispose();
        log.Dispose();
        Assert.Throws<ObjectDisposedException>(() => log.Append([2]));
        Assert.Throws<ObjectDisposedException>(() => log.Replay(1, (_, _) => { }));
        await Assert.ThrowsAsync<ObjectDisposedException>(() => log.WhenDurable(1).AsTask());
    }

    [Theory]
    [InlineData(4095, 1, 0)]
    [InlineData(4096, 0, 0)]
    [InlineData(4096, WriteAheadLogOptions.LargestRecordByteCount + 1, 0)]
    [InlineData(4096, 1, -1)]
    [InlineData(4096, 1, 60_001)]
    public void Open_OptionOutsideItsRange_Throws(long segmentByteCount, int maxRecordByteCount, int groupDelayMs)
    {
        var options = new WriteAheadLogOptions
        {
            SegmentByteCount = segmentByteCount,
            MaxRecordByteCount = maxRecordByteCount,
            GroupDelay = TimeSpan.FromMilliseconds(groupDelayMs),
        };
        Assert.Throws<ArgumentOutOfRangeException>(() => WriteAheadLog.Open(LogPath, options));
    }

    public void Dispose() => _folder.Dispose();

    private T Reopen<T>(Func<WriteAheadLog, T> use, WriteAheadLogOptions? options = null)
    {
        using WriteAheadLog log = WriteAheadLog.Open(LogPath, options ?? new WriteAheadLogOptions());
        return use(log);
    }
}
