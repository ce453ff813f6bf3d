using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>
/// What a crash may leave behind the last acknowledged record. The rule: opening never fails, no acknowledged record is lost, the
/// records are those before the first changed byte, and appending goes on after them.
/// </summary>
public sealed class TornTailTests : IDisposable
{
    private const int Acknowledged = 5;
    private const string Segment = "00000000000000000001.log";
    private readonly LogFolder _folder = new();
    private readonly Random _random = new(11);
    private readonly List<byte[]> _records = [];
    private readonly List<long> _ends = [];
    private readonly SortedDictionary<string, byte[]> _files;

    public TornTailTests()
    {
        using WriteAheadLog log = WriteAheadLog.Open(_folder.Of("original"), new WriteAheadLogOptions());
        foreach (int size in new[] { 10, 200, 0, 31, 64, 0, 100, 37, 8 })
        {
            byte[] payload = new byte[size];
            _random.NextBytes(payload);
            _records.Add(payload);
            log.Append(payload);
            _ends.Add(log.ByteCount);
            if (_records.Count == Acknowledged)
                log.WhenDurable(Acknowledged).AsTask().Wait();
        }

        _files = LogFolder.Files(log.DirectoryPath);
    }

    private int Start => (int)_ends[Acknowledged - 1];

    [Fact]
    public void Open_CutAtEveryByte_KeepsTheRecordsBefore()
    {
        byte[] whole = _files[Segment];
        for (int length = Start; length <= whole.Length; length++)
            CheckTail(whole[..length], length, $"cut at {length}");
    }

    [Fact]
    public void Open_ZerosFromEveryByte_KeepsTheRecordsBefore()
    {
        for (int offset = Start; offset < _files[Segment].Length; offset++)
        {
            byte[] bytes = [.. _files[Segment]];
            bytes.AsSpan(offset).Clear();
            CheckTail(bytes, offset, $"zeros from {offset}");
            CheckTail([.. bytes, .. new byte[4096]], offset, $"zeros from {offset} and a page of them");
        }
    }

    [Fact]
    public void Open_GarbageFromEveryByte_KeepsTheRecordsBefore()
    {
        for (int offset = Start; offset < _files[Segment].Length; offset++)
        {
            byte[] bytes = [.. _files[Segment]];
            _random.NextBytes(bytes.AsSpan(offset));
            CheckTail(bytes, offset, $"garbage from {offset}");
            CheckTail([.. bytes, .. bytes[..301]], offset, $"garbage from {offset} and old bytes");
        }
    }

    [Fact]
    public void Open_FirstTornAndLaterIntact_CutsBoth()
    {
        // A power cut may keep the pages of a later record and lose those of an earlier one.
        for (int offset = Start; offset < _ends[Acknowledged]; offset++)
        {
            byte[] bytes = [.. _files[Segment]];
            bytes.AsSpan(offset, (int)_ends[Acknowledged] - offset).Clear();
            CheckTail(bytes, offset, $"a gap from {offset}");
        }
    }

    [Fact]
    public void Open_TailTornInARecordThatWasAcknowledged_Throws()
    {
        byte[] whole = _files[Segment];
        for (int length = SegmentHeader.Size; length < Start; length++)
        {
            string directory = _folder.Write("changed", Changed(whole[..length]));
            var exception = Assert.Throws<InvalidDataException>(() => WriteAheadLog.Open(directory, new WriteAheadLogOptions()));
            Assert.Contains(Segment, exception.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Open_MarkOlderThanTheRecordsSay_ThrowsForWhatTheyCover()
    {
        // After a power cut the mark may be old. The unacknowledged records carry the mark 5 themselves.
        using (WriteAheadLog log = WriteAheadLog.Open(_folder.Of("fresh"), new WriteAheadLogOptions { LogId = LogIdOfFiles() }))
            Assert.Equal(0, log.DurableLsn);
        _files[MarkFile.Name] = LogFolder.Files(_folder.Of("fresh"))[MarkFile.Name];

        for (int offset = SegmentHeader.Size; offset < Start; offset++)
        {
            byte[] bytes = [.. _files[Segment]];
            bytes[offset] ^= 1;
            string directory = _folder.Write("changed", Changed(bytes));
            Assert.Throws<InvalidDataException>(() => WriteAheadLog.Open(directory, new WriteAheadLogOptions()));
        }

        CheckTail(_files[Segment], _files[Segment].Length, "an old mark");
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public async Task Open_AnyMixOfSectorsAfterTheLastFlush_KeepsWhatWasAcknowledged(int seed)
    {
        const int Sector = 512;
        var random = new Random(seed);
        List<byte[]> records = [];
        List<long> ends = [];
        List<byte[]> marks = [];
        SortedDictionary<string, byte[]> files;
        int acknowledged = 0;
        using (WriteAheadLog log = WriteAheadLog.Open(_folder.Of("mixed"), new WriteAheadLogOptions()))
        {
            for (int i = 0; i < 40; i++)
            {
                records.Add(LogContent.RandomPayload(random, 2500));
                log.Append(records[^1]);
                ends.Add(log.ByteCount);
                if (i is not (10 or 20))
                    continue;
                await log.WhenDurable(log.LastLsn);
                acknowledged = records.Count;
                marks.Add(LogFolder.Files(log.DirectoryPath)[MarkFile.Name]);
            }

            files = LogFolder.Files(log.DirectoryPath);
        }

        byte[] whole = files[Segment];
        int durableEnd = (int)ends[acknowledged - 1];
        for (int trial = 0; trial < 300; trial++)
        {
            // Sectors that were not written hold zeros, the size may be an older one, and the mark too.
            double lost = random.NextDouble();
            byte[] bytes = whole[..random.Next(durableEnd, whole.Length + 1)];
            for (int start = durableEnd / Sector * Sector; start < bytes.Length; start += Sector)
            {
                int from = Math.Max(start, durableEnd);
                if (random.NextDouble() < lost)
                    bytes.AsSpan(from, Math.Min(start + Sector, bytes.Length) - from).Clear();
            }

            int same = bytes.AsSpan().CommonPrefixLength(whole);
            files[Segment] = bytes;
            files[MarkFile.Name] = marks[random.Next(marks.Count)];
            using WriteAheadLog log = WriteAheadLog.Open(_folder.Write("changed", files), new WriteAheadLogOptions());
            string message = $"seed {seed}, trial {trial}";
            Assert.True(log.LastLsn >= acknowledged, message);
            log.AssertHolds(records, ends.Count(end => end <= same), message);
        }
    }

    public void Dispose() => _folder.Dispose();

    private ulong LogIdOfFiles()
    {
        Assert.Null(SegmentHeader.TryRead(_files[Segment], out SegmentHeader header));
        return header.LogId;
    }

    private SortedDictionary<string, byte[]> Changed(byte[] segment) => new(_files, StringComparer.Ordinal) { [Segment] = segment };

    // A change may leave bytes as they were, so the records are those before the first byte that differs.
    private void CheckTail(byte[] segment, int changedFrom, string message)
    {
        int same = segment.AsSpan().CommonPrefixLength(_files[Segment]);
        Assert.True(same >= changedFrom, message);
        int count = _ends.Count(end => end <= same);
        string directory = _folder.Write("changed", Changed(segment));
        using (WriteAheadLog log = WriteAheadLog.Open(directory, new WriteAheadLogOptions()))
        {
            log.AssertHolds(_records, count, message);
            long end = count == 0 ? SegmentHeader.Size : _ends[count - 1];
            Assert.True(log.DurableLsn == count, message);
            Assert.True((log.TornTail?.ByteCount ?? 0) == segment.Length - end, message);
            Assert.True(log.TornTail is null || log.TornTail.Offset == end, message);
            Assert.Equal(count + 1, log.Append([7, 7, 7]));
        }

        using WriteAheadLog again = WriteAheadLog.Open(directory, new WriteAheadLogOptions());
        Assert.Null(again.TornTail);
        again.AssertHolds([.. _records[..count], [7, 7, 7]], count + 1, message);
    }
}
