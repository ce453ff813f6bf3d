using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>
/// Random damage to the files of a log. The rule: when a byte changed that was on disk at the last acknowledgement (all but the last
/// segment, and the last up to the end of its last acknowledged record), or such a byte is missing, or a segment is there that the
/// log did not write, opening throws <see cref="InvalidDataException"/> and names a file. Otherwise the log opens and holds exactly
/// the records before the first changed byte, which include all that were acknowledged.
/// </summary>
public sealed class LogRecoveryTests : IDisposable
{
    private static readonly WriteAheadLogOptions s_options = new() { SegmentByteCount = 4096 };
    private readonly LogFolder _folder = new();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public void Open_RandomDamage_IsFoundOrHarmless(int seed)
    {
        var random = new Random(seed);
        int found = 0;
        int harmless = 0;
        LoggedFiles log = LoggedFiles.Make(_folder.Of("original"), random, s_options, endsInNewSegment: seed % 2 == 0);
        LoggedFiles other = LoggedFiles.Make(_folder.Of("other"), random, s_options, endsInNewSegment: false);
        for (int trial = 0; trial < 400; trial++)
        {
            var damage = new LogDamager(random, log, other);
            string message = $"seed {seed}, trial {trial}: {damage.Apply()}";
            string directory = _folder.Write("damaged", damage.Files);
            int? expected = log.ExpectedRecordCount(damage.Files);
            if (expected is null)
            {
                CheckThrows(directory, message);
                found++;
            }
            else
            {
                CheckOpens(directory, log, expected.Value, message);
                harmless++;
            }
        }

        Assert.True(found > 100 && harmless > 20, $"seed {seed}: {found} times damage was found, {harmless} times it was harmless.");
    }

    [Fact]
    public void Open_MarkDamaged_NeedsOneIntactCopy()
    {
        LoggedFiles log = LoggedFiles.Make(_folder.Of("original"), new Random(9), s_options, endsInNewSegment: false);
        for (int offset = 0; offset < 64; offset++)
        {
            SortedDictionary<string, byte[]> files = log.Copy();
            files[MarkFile.Name][offset] ^= 0x10;
            CheckOpens(_folder.Write("damaged", files), log, log.Records.Count, $"first copy, byte {offset}");
            files[MarkFile.Name][4096 + ((offset * 7) % 64)] ^= 0x20;
            CheckThrows(_folder.Write("damaged", files), $"both copies, byte {offset}");
            files[MarkFile.Name][offset] ^= 0x10;
            CheckOpens(_folder.Write("damaged", files), log, log.Records.Count, $"second copy, byte {offset}");
        }

        foreach (int length in new[] { 0, 63, 4096, 4159 })
        {
            SortedDictionary<string, byte[]> files = log.Copy();
            files[MarkFile.Name] = files[MarkFile.Name][..length];
            if (length < 64)
                CheckThrows(_folder.Write("damaged", files), $"mark of {length} bytes");
            else
                CheckOpens(_folder.Write("damaged", files), log, log.Records.Count, $"mark of {length} bytes");
        }
    }

    [Fact]
    public void Open_MarkMissingOrOfAnotherLog_Throws()
    {
        LoggedFiles log = LoggedFiles.Make(_folder.Of("original"), new Random(9), s_options, endsInNewSegment: false);
        LoggedFiles other = LoggedFiles.Make(_folder.Of("other"), new Random(10), s_options, endsInNewSegment: false);
        SortedDictionary<string, byte[]> files = log.Copy();
        files[MarkFile.Name] = other.Files[MarkFile.Name];
        CheckThrows(_folder.Write("damaged", files), "the mark of another log");
        files.Remove(MarkFile.Name);
        CheckThrows(_folder.Write("damaged", files), "no mark");
    }

    [Fact]
    public void Open_AllSegmentsMissing_Throws()
    {
        LoggedFiles log = LoggedFiles.Make(_folder.Of("original"), new Random(9), s_options, endsInNewSegment: false);
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal) { [MarkFile.Name] = log.Files[MarkFile.Name] };
        CheckThrows(_folder.Write("damaged", files), "no segments");
    }

    [Fact]
    public void Open_FirstSegmentAfterTruncationMissing_Throws()
    {
        LoggedFiles.Make(_folder.Of("original"), new Random(9), s_options, endsInNewSegment: false);
        string directory = _folder.Of("original");
        using (WriteAheadLog log = WriteAheadLog.Open(directory, s_options))
            log.TruncateBefore(LogSegment.Find(directory)[2].FirstLsn);
        File.Delete(LogSegment.Find(directory)[0].Path);
        CheckThrows(directory, "the first segment is missing");
    }

    [Fact]
    public void Replay_DamageAfterOpening_Throws()
    {
        LoggedFiles log = LoggedFiles.Make(_folder.Of("original"), new Random(9), s_options, endsInNewSegment: false);
        string directory = _folder.Write("damaged", log.Files);
        using WriteAheadLog opened = WriteAheadLog.Open(directory, s_options);
        string path = LogSegment.Find(directory)[1].Path;
        byte[] bytes = File.ReadAllBytes(path);
        bytes[^1] ^= 1;
        File.WriteAllBytes(path, bytes);
        var exception = Assert.Throws<InvalidDataException>(() => opened.Replay(1, (_, _) => { }));
        Assert.Contains(path, exception.Message, StringComparison.Ordinal);
    }

    public void Dispose() => _folder.Dispose();

    private static void CheckThrows(string directory, string message)
    {
        try
        {
            using WriteAheadLog log = WriteAheadLog.Open(directory, s_options);
            Assert.Fail($"{message}: was not found; the log opened with {log.LastLsn} records.");
        }
        catch (InvalidDataException exception)
        {
            Assert.True(exception.Message.StartsWith(directory + Path.DirectorySeparatorChar, StringComparison.Ordinal), $"{message}: {exception.Message}");
        }
    }

    private static void CheckOpens(string directory, LoggedFiles original, int count, string message)
    {
        Assert.True(count >= original.AcknowledgedCount, message);
        try
        {
            using WriteAheadLog log = WriteAheadLog.Open(directory, s_options);
            log.AssertHolds(original.Records, count, message);
        }
        catch (InvalidDataException exception)
        {
            Assert.Fail($"{message}: {exception.Message}");
        }
    }
}
