namespace RecSys.Cluster.Log;

/// <summary>Reads and checks a whole log when it is opened, and tells a torn tail from damage.</summary>
/// <remarks>Nothing is changed here but segments that an interrupted deletion has left.</remarks>
internal sealed class LogRecovery
{
    private readonly MarkFile _mark;
    private readonly WriteAheadLogOptions _options;
    private SegmentHeader _lastHeader;
    private long _lastEnd = SegmentHeader.Size;
    private long _durableLsn;

    private LogRecovery(MarkFile mark, List<LogSegment> segments, WriteAheadLogOptions options)
    {
        _mark = mark;
        _options = options;
        Segments = segments;
        LastLsn = mark.FirstLsn - 1;
        _durableLsn = mark.DurableLsn;
    }

    /// <summary>The segments, oldest first; the last ends with the last valid record.</summary>
    public List<LogSegment> Segments { get; }

    /// <summary>The last valid record.</summary>
    public long LastLsn { get; private set; }

    /// <summary>Checksum of the header of the last valid record.</summary>
    public ulong Link { get; private set; }

    /// <summary>Where the records that may not be on disk begin in the last segment.</summary>
    public long DurableEnd { get; private set; } = SegmentHeader.Size;

    /// <summary>What follows the last valid record, or null.</summary>
    public TornTail? TornTail { get; private set; }

    /// <summary>Checks a log.</summary>
    /// <param name="directory">Its directory.</param>
    /// <param name="mark">Its mark.</param>
    /// <param name="options">Settings of the log.</param>
    /// <exception cref="InvalidDataException">A record that was acknowledged is damaged or missing, or files do not belong together.</exception>
    public static LogRecovery Run(string directory, MarkFile mark, WriteAheadLogOptions options)
    {
        List<LogSegment> segments = LogSegment.Find(directory);
        foreach (LogSegment old in segments.Where(segment => segment.FirstLsn < mark.FirstLsn))
            File.Delete(old.Path);
        segments.RemoveAll(segment => segment.FirstLsn < mark.FirstLsn);

        var recovery = new LogRecovery(mark, segments, options);
        for (int i = 0; i < segments.Count; i++)
            recovery.Read(segments[i], isFirst: i == 0, isLast: i == segments.Count - 1);
        recovery.CheckEnd();
        return recovery;
    }

    /// <summary>Opens the last segment for further records; a new log gets its first one.</summary>
    /// <param name="directory">Directory of the log.</param>
    public SegmentWriter OpenWriter(string directory)
    {
        if (Segments.Count > 0)
            return SegmentWriter.Continue(Segments[^1].Path, _lastHeader, _lastEnd, Link, _options);
        var writer = SegmentWriter.Create(directory, new SegmentHeader(_mark.LogId, _mark.FirstLsn, 0), _options);
        Segments.Add(new LogSegment(writer.Path, _mark.FirstLsn, writer.Offset));
        return writer;
    }

    private void Read(LogSegment segment, bool isFirst, bool isLast)
    {
        if (segment.FirstLsn != LastLsn + 1)
            throw LogDamage.Of(
                segment.Path,
                segment.FirstLsn > LastLsn + 1
                    ? $"the segment with the records {LastLsn + 1} to {segment.FirstLsn - 1} is missing before it"
                    : $"it begins with record {segment.FirstLsn}, but the segment before it ends with record {LastLsn}");

        using var reader = new SegmentReader(segment, _mark.LogId, _options.MaxRecordByteCount);
        if (!isFirst && reader.Header.Link != Link)
            throw LogDamage.At(segment.Path, 0, $"it does not continue record {LastLsn} of the segment before it");
        DurableEnd = reader.End;
        while (reader.Read())
        {
            _durableLsn = Math.Max(_durableLsn, reader.DurableLsn);
            if (reader.Lsn <= _durableLsn)
                DurableEnd = reader.End;
        }

        if (reader.Damage is { } damage)
        {
            _durableLsn = Math.Max(_durableLsn, reader.FindDurableLsn());
            // A segment is whole on disk before the next one appears.
            if (!isLast || reader.Lsn < _durableLsn)
                throw LogDamage.At(segment.Path, reader.End, $"{damage}, and {(isLast ? $"records up to {_durableLsn} were" : "later segments show that it was")} on disk");
            TornTail = new TornTail(segment.Path, reader.End, segment.ByteCount - reader.End, damage);
        }

        (LastLsn, Link, _lastHeader, _lastEnd) = (reader.Lsn, reader.Link, reader.Header, reader.End);
        if (isLast)
            Segments[^1] = segment with { ByteCount = reader.End };
    }

    private void CheckEnd()
    {
        if (Segments.Count == 0 && _mark.FirstLsn > 1)
            throw LogDamage.Of(_mark.Path, $"the segment that begins with record {_mark.FirstLsn} is missing");
        if (LastLsn < _durableLsn)
            throw LogDamage.Of(
                Segments.Count > 0 ? Segments[^1].Path : _mark.Path,
                $"records {LastLsn + 1} to {_durableLsn} were on disk and are missing after byte {(Segments.Count > 0 ? _lastEnd : 0)}");
    }
}
