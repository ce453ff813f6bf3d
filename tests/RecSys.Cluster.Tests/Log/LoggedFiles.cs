using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>The files of a log with several segments whose last records were not acknowledged, and what is in them.</summary>
internal sealed class LoggedFiles
{
    private readonly List<(string Segment, long End)> _places = [];

    public List<byte[]> Records { get; } = [];

    public int AcknowledgedCount { get; private set; }

    public SortedDictionary<string, byte[]> Files { get; private set; } = [];

    /// <summary>Names of the segments, oldest first.</summary>
    public List<string> Segments => [.. Files.Keys.Where(name => name != MarkFile.Name)];

    /// <summary>Writes a log and takes its files while it is open, as a kill would leave them.</summary>
    /// <param name="endsInNewSegment">True when the last segment holds no acknowledged record.</param>
    public static LoggedFiles Make(string directory, Random random, WriteAheadLogOptions options, bool endsInNewSegment)
    {
        var made = new LoggedFiles();
        using WriteAheadLog log = WriteAheadLog.Open(directory, options);

        void Append(int maxByteCount)
        {
            made.Records.Add(LogContent.RandomPayload(random, maxByteCount));
            log.Append(made.Records[^1]);
            LogSegment last = LogSegment.Find(directory)[^1];
            made._places.Add((Path.GetFileName(last.Path), last.ByteCount));
        }

        void Acknowledge()
        {
            log.WhenDurable(log.LastLsn).AsTask().Wait();
            made.AcknowledgedCount = made.Records.Count;
        }

        while (LogSegment.Find(directory).Count < 5)
        {
            Append(700);
            if (random.Next(4) == 0)
                Acknowledge();
        }

        // A rotation flushes all records before it.
        made.AcknowledgedCount = made.Records.Count - 1;
        if (!endsInNewSegment)
        {
            Append(300);
            Append(300);
            Acknowledge();
        }

        for (int i = 0; i < 5; i++)
            Append(200);
        made.Files = LogFolder.Files(directory);
        return made;
    }

    /// <summary>A copy of the files that may be changed.</summary>
    public SortedDictionary<string, byte[]> Copy()
    {
        SortedDictionary<string, byte[]> files = new(StringComparer.Ordinal);
        foreach ((string name, byte[] bytes) in Files)
            files[name] = [.. bytes];
        return files;
    }

    /// <summary>First and last byte of a record in its segment.</summary>
    public (string Segment, int Start, int End) PlaceOf(int record)
    {
        (string segment, long end) = _places[record];
        bool isFirst = record == 0 || _places[record - 1].Segment != segment;
        return (segment, isFirst ? SegmentHeader.Size : (int)_places[record - 1].End, (int)end);
    }

    /// <summary>How many records a log with changed files has to hold, or null when it must not open.</summary>
    public int? ExpectedRecordCount(SortedDictionary<string, byte[]> files)
    {
        if (files.Keys.Any(name => !Files.ContainsKey(name)))
            return null;
        List<string> names = Segments;
        for (int i = 0; i < names.Count; i++)
        {
            bool isLast = i == names.Count - 1;
            byte[] original = Files[names[i]];
            if (!files.TryGetValue(names[i], out byte[]? bytes))
                return isLast && _places[AcknowledgedCount - 1].Segment != names[i] ? AcknowledgedCount : null;
            if (bytes.AsSpan().SequenceEqual(original))
                continue;
            int same = bytes.AsSpan().CommonPrefixLength(original);
            int acknowledged = _places[AcknowledgedCount - 1].Segment == names[i] ? (int)_places[AcknowledgedCount - 1].End : SegmentHeader.Size;
            return isLast && same >= acknowledged ? _places.Count(place => place.Segment != names[i] || place.End <= same) : null;
        }

        return Records.Count;
    }

}
