using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

public sealed class WriteAheadLogFlushingTests : IDisposable
{
    private readonly LogFolder _folder = new();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public async Task WhenDurable_ManyCallers_IsTrueForEachAndSharesFlushes(int groupDelayMs)
    {
        const int Callers = 16;
        const int RecordsPerCaller = 100;
        var order = new Lock();
        using var log = Open(new WriteAheadLogOptions { SegmentByteCount = 64 << 10, GroupDelay = TimeSpan.FromMilliseconds(groupDelayMs) });

        async Task Run(int caller)
        {
            byte[] payload = new byte[200 + caller];
            for (int i = 0; i < RecordsPerCaller; i++)
            {
                long lsn;
                lock (order)
                    lsn = log.Append(payload);
                await log.WhenDurable(lsn);
                Assert.True(log.DurableLsn >= lsn);
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(caller => Task.Run(() => Run(caller))));
        Assert.Equal(Callers * RecordsPerCaller, log.DurableLsn);
        Assert.True(log.FlushCount < log.LastLsn, $"{log.FlushCount} flushes of {log.LastLsn} records.");
    }

    [Fact]
    public async Task WhenDurable_RecordsAppendedDuringAFlush_ShareTheNextOne()
    {
        using var started = new SemaphoreSlim(0);
        using var release = new SemaphoreSlim(0);
        bool holds = false;
        using var log = Open(Probed(operation =>
        {
            if (operation != LogOperation.FlushSegment || !Volatile.Read(ref holds))
                return;
            started.Release();
            release.Wait();
        }));
        long before = log.FlushCount;
        Volatile.Write(ref holds, true);

        Task first = log.WhenDurable(log.Append([1])).AsTask();
        await started.WaitAsync();
        Task firstAgain = log.WhenDurable(1).AsTask();
        Task[] others = [.. Enumerable.Range(0, 50).Select(_ => log.WhenDurable(log.Append([2])).AsTask())];
        Assert.False(first.IsCompleted);
        Volatile.Write(ref holds, false);
        release.Release();

        await Task.WhenAll([first, firstAgain, .. others]);
        Assert.Equal(2, log.FlushCount - before);
        Assert.Equal(51, log.DurableLsn);
    }

    [Fact]
    public async Task WhenDurable_Cancelled_EndsThatWaitAlone()
    {
        using var release = new ManualResetEventSlim();
        bool holds = false;
        using var log = Open(Probed(operation =>
        {
            if (operation == LogOperation.FlushSegment && Volatile.Read(ref holds))
                release.Wait();
        }));
        Volatile.Write(ref holds, true);
        using var cancellation = new CancellationTokenSource();
        Task waits = log.WhenDurable(log.Append([1])).AsTask();
        Task cancelled = log.WhenDurable(1, cancellation.Token).AsTask();
        await cancellation.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => cancelled);
        Assert.False(waits.IsCompleted);
        release.Set();
        await waits;
    }

    [Fact]
    public async Task WhenDurable_UnknownRecord_Throws()
    {
        using var log = Open(new WriteAheadLogOptions());
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => log.WhenDurable(1).AsTask());
        await log.WhenDurable(0);
    }

    [Fact]
    public async Task Dispose_WhileCallersWait_CompletesThem()
    {
        Task waits;
        using (var log = Open(new WriteAheadLogOptions { GroupDelay = TimeSpan.FromMinutes(1) }))
            waits = log.WhenDurable(log.Append([1])).AsTask();
        await waits;
    }

    [Theory]
    [InlineData(LogOperation.WriteRecord)]
    [InlineData(LogOperation.FlushSegment)]
    [InlineData(LogOperation.WriteMark)]
    [InlineData(LogOperation.CreateSegment)]
    public async Task Append_AfterAFailedOperation_ThrowsForGood(object failing)
    {
        bool fails = false;
        byte[] payload = new byte[3000];
        var options = Probed(operation =>
        {
            if (operation == (LogOperation)failing && Volatile.Read(ref fails))
                throw new IOException("No space left on device");
        });
        using (var log = Open(options))
        {
            await log.WhenDurable(log.Append(payload));
            Volatile.Write(ref fails, true);
            var first = await Assert.ThrowsAsync<IOException>(async () => await log.WhenDurable(log.Append(payload)));
            Assert.Contains("No space left on device", first.Message, StringComparison.Ordinal);

            // What failed works again, and the log still takes nothing: what is on disk is not known.
            Volatile.Write(ref fails, false);
            Assert.Throws<IOException>(() => log.Append(payload));
            await Assert.ThrowsAsync<IOException>(() => log.WhenDurable(1).AsTask());
            Assert.Throws<IOException>(() => log.TruncateBefore(1));
            Assert.Equal(1, log.DurableLsn);
        }

        using var opened = Open(new WriteAheadLogOptions());
        Assert.InRange(opened.LastLsn, 1, 2);
        Assert.Equal(opened.LastLsn + 1, opened.Append(payload));
    }

    [Fact]
    public async Task WhenDurable_FlushFailsForManyCallers_ThrowsForAll()
    {
        using var release = new ManualResetEventSlim();
        bool fails = false;
        using var log = Open(Probed(operation =>
        {
            if (operation != LogOperation.FlushSegment || !Volatile.Read(ref fails))
                return;
            release.Wait();
            throw new IOException("Input/output error");
        }));
        Volatile.Write(ref fails, true);
        Task[] waits = [.. Enumerable.Range(0, 20).Select(_ => log.WhenDurable(log.Append([1])).AsTask())];
        release.Set();
        foreach (Task wait in waits)
            await Assert.ThrowsAsync<IOException>(() => wait);
        Assert.Equal(0, log.DurableLsn);
    }

    [Fact]
    public void Write_FullDevice_Throws()
    {
        const string Device = "/dev/full";
        if (!File.Exists(Device))
            return;
        using var writer = SegmentWriter.Continue(Device, new SegmentHeader(1, 1, 0), SegmentHeader.Size, 0, new WriteAheadLogOptions());
        Assert.Throws<IOException>(() => writer.Write(1, 0, [1], [2]));
    }

    public void Dispose() => _folder.Dispose();

    // Small segments, so that a second record of 3000 bytes begins one.
    private static WriteAheadLogOptions Probed(Action<LogOperation> probe) => new() { SegmentByteCount = 4096, Probe = probe };

    private WriteAheadLog Open(WriteAheadLogOptions options) => WriteAheadLog.Open(_folder.Of("log"), options);
}
