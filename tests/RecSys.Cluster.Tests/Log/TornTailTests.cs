using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>
/// What a crash may leave behind the last acknowledged record. The rule: opening never fails, no acknowledged record is lost, the
/// records are those before the first changed byte, and appending goes on after them.
/// </summary>
public sealed class TornTailTests : IDisposable
{
    private const int Acknowledged = 5;
    private readonly LogFolder _folder = new();
    private readonly Random _random = new(11);
    private readonly List<byte[]> _records = [];
    private readonly List<long> _ends = [];
    private readonly SortedDictionary<string, byte[]> _files;
    private readonly string _segment = "00000000000000000001.log";

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
        byte[] whole = _files[_segment];
        for (int length = Start; length <= whole.Length; length++)
            CheckTail(whole[..length], length, $"cut at {length}");
    }

    [Fact]
    public void Open_ZerosFromEveryByte_KeepsTheRecordsBefore()
    {
        for (int offset = Start; offset < _files[_segment].Length; offset++)
        {
            byte[] bytes = [.. _files[_segment]];
            bytes.AsSpan(offset).Clear();
            CheckTail(bytes, offset, $"zeros from {offset}");
            CheckTail([.. bytes, .. new byte[4096]], offset, $"zeros from {offset} and a page of them");
        }
    }

    [Fact]
    public void Open_GarbageFromEveryByte_KeepsTheRecordsBefore()
    {
        for (int offset = Start; offset < _files[_segment].Length; offset++)
        {
            byte[] bytes = [.. _files[_segment]];
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
            byte[] bytes = [.. _files[_segment]];
            bytes.AsSpan(offset, (int)_ends[Acknowledged] - offset).Clear();
            CheckTail(bytes, offset, $"a gap from {offset}");
        }
    }

    [Fact]
    public void Open_TailTornInARecordThatWasAcknowledged_Throws()
    {
        byte[] whole = _files[_segment];
        for (int length = SegmentHeader.Size; length < Start; length++)
        {
            string directory = _folder.Write("changed", Changed(whole[..length]));
            var exception = Assert.Throws<InvalidDataException>(() => WriteAheadLog.Open(directory, new WriteAheadLogOptions()));
            Assert.Contains(_segment, exception.Message, StringComparison.Ordinal);
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
            byte[] bytes = [.. _files[_segment]];
            bytes[offset] ^= 1;
            string directory = _folder.Write("changed", Changed(bytes));
            Assert.Throws<InvalidDataException>(() => WriteAheadLog.Open(directory, new WriteAheadLogOptions()));
        }

        CheckTail(_files[_segment], _files[_segment].Length, "an old mark");
    }

    public void Dispose() => _folder.Dispose();

    private ulong LogIdOfFiles()
    {
        Assert.Null(SegmentHeader.TryRead(_files[_segment], out SegmentHeader header));
        return header.LogId;
    }

    private SortedDictionary<string, byte[]> Changed(byte[] segment) => new(_files, StringComparer.Ordinal) { [_segment] = segment };

    // Bytes from an offset on may differ by chance in none; those that a change left equal still count as records.
    private void CheckTail(byte[] segment, int changedFrom, string message)
    {
        int same = segment.AsSpan().CommonPrefixLength(_files[_segment]);
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
