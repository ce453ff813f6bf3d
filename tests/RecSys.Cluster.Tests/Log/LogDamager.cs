using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>Applies one random damage to a copy of a log's files.</summary>
internal sealed class LogDamager(Random random, LoggedFiles log, LoggedFiles other)
{
    public SortedDictionary<string, byte[]> Files { get; } = log.Copy();

    /// <summary>Changes the files and says how.</summary>
    public string Apply() => random.Next(13) switch
    {
        0 => FlipBits(1),
        1 => FlipBits(random.Next(2, 20)),
        2 => Fill(zeros: true),
        3 => Fill(zeros: false),
        4 => Shorten(),
        5 => Lengthen(),
        6 => SwapRecords(),
        7 => RepeatRecord(),
        8 => PasteRecord(),
        9 => DeleteSegment(),
        10 => CopySegment(),
        11 => SwapSegments(),
        _ => PasteSegment(),
    };

    // The last segment is where damage and a torn tail meet, so it is taken more often.
    private string AnySegment()
    {
        List<string> segments = log.Segments;
        return random.Next(2) == 0 ? segments[^1] : segments[random.Next(segments.Count)];
    }

    private string FlipBits(int count)
    {
        string segment = AnySegment();
        int first = random.Next(Files[segment].Length);
        for (int i = 0; i < count; i++)
        {
            int offset = i == 0 ? first : random.Next(first, Files[segment].Length);
            Files[segment][offset] ^= (byte)(1 << random.Next(8));
        }

        return $"{count} bits of {segment} from {first} on";
    }

    private string Fill(bool zeros)
    {
        string segment = AnySegment();
        int offset = random.Next(Files[segment].Length);
        Span<byte> range = Files[segment].AsSpan(offset, random.Next(1, Files[segment].Length - offset + 1));
        if (zeros)
            range.Clear();
        else
            random.NextBytes(range);
        return $"{range.Length} bytes of {segment} at {offset}, zeros: {zeros}";
    }

    private string Shorten()
    {
        string segment = AnySegment();

        // Half of the cuts are at the end of a record, where nothing looks incomplete.
        (string Segment, int Start, int End) place = log.PlaceOf(random.Next(log.Records.Count));
        bool atRecord = random.Next(2) == 0;
        if (atRecord)
            segment = place.Segment;
        int length = atRecord ? place.Start : random.Next(Files[segment].Length);
        Files[segment] = Files[segment][..length];
        return $"{segment} cut at {length}";
    }

    private string Lengthen()
    {
        string segment = AnySegment();
        byte[] more = new byte[random.Next(1, 300)];
        if (random.Next(2) == 0)
            random.NextBytes(more);
        Files[segment] = [.. Files[segment], .. more];
        return $"{more.Length} bytes after {segment}";
    }

    private string SwapRecords()
    {
        int first = random.Next(log.Records.Count - 1);
        (string segment, int start, int middle) = log.PlaceOf(first);
        (string nextSegment, int _, int end) = log.PlaceOf(first + 1);
        byte[] bytes = Files[segment];
        if (nextSegment == segment)
            Files[segment] = [.. bytes[..start], .. bytes[middle..end], .. bytes[start..middle], .. bytes[end..]];
        return $"record {first + 1} and the next of {segment} swapped";
    }

    private string RepeatRecord()
    {
        int record = random.Next(log.Records.Count);
        (string segment, int start, int end) = log.PlaceOf(record);
        byte[] bytes = Files[segment];
        Files[segment] = [.. bytes[..end], .. bytes[start..]];
        return $"record {record + 1} of {segment} twice";
    }

    // The other log's record, in front of one of this log or in its place.
    private string PasteRecord()
    {
        (string otherSegment, int from, int to) = other.PlaceOf(random.Next(other.Records.Count));
        byte[] pasted = other.Files[otherSegment][from..to];
        (string segment, int start, int end) = log.PlaceOf(random.Next(log.Records.Count));
        byte[] bytes = Files[segment];
        Files[segment] = [.. bytes[..start], .. pasted, .. bytes[(random.Next(2) == 0 ? start : end)..]];
        return $"a record of another log at {start} of {segment}";
    }

    private string DeleteSegment()
    {
        string segment = AnySegment();
        Files.Remove(segment);
        return $"{segment} deleted";
    }

    private string CopySegment()
    {
        string segment = AnySegment();
        bool follows = random.Next(2) == 0;
        long lsn = follows ? log.Records.Count + 1 : random.Next(1, log.Records.Count);
        string copy = Path.GetFileName(LogSegment.PathOf("", lsn));
        Files[copy] = [.. Files[segment]];
        return $"{segment} copied to {copy}";
    }

    private string SwapSegments()
    {
        (string a, string b) = (AnySegment(), AnySegment());
        (Files[a], Files[b]) = (Files[b], Files[a]);
        return $"{a} and {b} swapped";
    }

    private string PasteSegment()
    {
        string from = other.Segments[random.Next(other.Segments.Count)];
        string to = random.Next(2) == 0 ? from : AnySegment();
        Files[to] = [.. other.Files[from]];
        return $"{from} of another log as {to}";
    }
}
