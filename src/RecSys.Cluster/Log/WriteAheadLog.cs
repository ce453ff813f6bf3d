using System.Diagnostics;
using Microsoft.Win32.SafeHandles;

namespace RecSys.Cluster.Log;

/// <summary>
/// A log of records on disk that outlives the process and the power: a record is appended, a caller waits until it is durable, and
/// after a crash every record that anybody was told is durable is read again, in order and unchanged.
/// </summary>
/// <remarks>
/// <para>
/// All members are thread-safe but <see cref="Dispose"/>, which comes last. Appending to one log runs on one thread at a time.
/// </para>
/// <para>
/// One flush serves all records appended before it, and records may be appended while it runs. Flushes run on a thread of the log,
/// and only when somebody waits. A write or flush that fails ends the log: what is on disk is not known then, so nothing is
/// acknowledged any more until the log is opened anew.
/// </para>
/// <para>
/// Opening a log tells what a crash has left from damage. Before a caller is told that record n is durable, the mark n is written
/// to a file beside the segments; every record carries the mark that was true when it was appended. A bad record above every mark
/// was never acknowledged: a power cut may leave it, and valid records behind it, in any state, and the tail is cut there. A bad or
/// missing record at or below a mark was on disk once, and opening fails. The mark is not flushed for each group: it survives the
/// end of the process, but after a power cut the last flushes may be unmarked. Their records are on disk, and lost only if the disk
/// damages them in addition.
/// </para>
/// </remarks>
public sealed partial class WriteAheadLog : IDisposable
{
    private readonly WriteAheadLogOptions _options;
    private readonly SafeFileHandle _lock;
    private readonly MarkFile _mark;
    private readonly List<LogSegment> _segments;

    // Taken in this order; the gate alone guards the fields that more than one of them reads.
    private readonly Lock _truncation = new();
    private readonly Lock _append = new();
    private readonly object _gate = new();
    private SegmentWriter _writer;
    private long _lastLsn;
    private long _durableLsn;
    private IOException? _failure;
    private bool _isClosed;

    private WriteAheadLog(string directory, WriteAheadLogOptions options, SafeFileHandle lockFile, MarkFile mark, LogRecovery recovery, SegmentWriter writer)
    {
        DirectoryPath = directory;
        _options = options;
        _lock = lockFile;
        _mark = mark;
        _segments = recovery.Segments;
        _writer = writer;
        _lastLsn = _durableLsn = recovery.LastLsn;
        TornTail = recovery.TornTail;
        _flusher = new Thread(RunFlushes) { IsBackground = true, Name = "log flush" };
    }

    /// <summary>Full path of the log's directory.</summary>
    public string DirectoryPath { get; }

    /// <summary>What was cut when the log was opened, or null.</summary>
    public TornTail? TornTail { get; }

    /// <summary>The oldest record that is kept; in a log without records the one that will be next.</summary>
    public long FirstLsn
    {
        get
        {
            lock (_gate)
                return _segments[0].FirstLsn;
        }
    }

    /// <summary>The last record appended; one less than <see cref="FirstLsn"/> in a log without records.</summary>
    public long LastLsn
    {
        get
        {
            lock (_gate)
                return _lastLsn;
        }
    }

    /// <summary>Records up to this one are on disk.</summary>
    public long DurableLsn
    {
        get
        {
            lock (_gate)
                return _durableLsn;
        }
    }

    /// <summary>Size of all segment files.</summary>
    public long ByteCount
    {
        get
        {
            lock (_gate)
                return _segments.Sum(segment => segment.ByteCount);
        }
    }

    /// <summary>Appends a record. It is not durable before <see cref="WhenDurable"/> says so.</summary>
    /// <param name="head">First part of the payload.</param>
    /// <param name="body">Second part; the record holds both without a border between them.</param>
    /// <returns>Its sequence number: one more than that of the record before, 1 for the first of a log.</returns>
    /// <exception cref="ArgumentException">The payload is larger than <see cref="WriteAheadLogOptions.MaxRecordByteCount"/>.</exception>
    /// <exception cref="IOException">This or an earlier write or flush failed.</exception>
    public long Append(ReadOnlySpan<byte> head, ReadOnlySpan<byte> body)
    {
        long byteCount = (long)head.Length + body.Length;
        if (byteCount > _options.MaxRecordByteCount)
            throw new ArgumentException($"A record of {byteCount} bytes is too large; at most {_options.MaxRecordByteCount} are allowed.", nameof(body));
        lock (_append)
        {
            if (!_writer.HasRoomFor(byteCount))
                Rotate();
            long lsn;
            long durableLsn;
            lock (_gate)
            {
                ThrowIfUnusable();
                (lsn, durableLsn) = (_lastLsn + 1, _durableLsn);
            }

            try
            {
                _writer.Write(lsn, durableLsn, head, body);
            }
            catch (Exception exception)
            {
                throw Fail(exception);
            }

            lock (_gate)
            {
                _lastLsn = lsn;
                _segments[^1] = _segments[^1] with { ByteCount = _writer.Offset };
            }

            return lsn;
        }
    }

    /// <summary>Hands the records from one on to a receiver, each read from disk and checked again.</summary>
    /// <param name="firstLsn">The first, from <see cref="FirstLsn"/> to one more than <see cref="LastLsn"/>.</param>
    /// <param name="receive">Called for each record that was appended before this call, in order.</param>
    /// <remarks>Needs memory for the largest record. Records that are still to be read must not be deleted meanwhile.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The log does not reach back, or forward, to <paramref name="firstLsn"/>.</exception>
    /// <exception cref="InvalidDataException">A record is damaged.</exception>
    public void Replay(long firstLsn, ReplayRecord receive)
    {
        ArgumentNullException.ThrowIfNull(receive);
        LogSegment[] segments;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isClosed, this);
            ArgumentOutOfRangeException.ThrowIfLessThan(firstLsn, _segments[0].FirstLsn);
            ArgumentOutOfRangeException.ThrowIfGreaterThan(firstLsn, _lastLsn + 1);
            segments = [.. _segments];
        }

        for (int i = 0; i < segments.Length; i++)
        {
            if (i + 1 < segments.Length && segments[i + 1].FirstLsn <= firstLsn)
                continue;
            using var reader = new SegmentReader(segments[i], _mark.LogId, _options.MaxRecordByteCount);
            while (reader.Read())
            {
                if (reader.Lsn >= firstLsn)
                    receive(reader.Lsn, reader.Payload);
            }

            if (reader.Damage is { } damage)
                throw LogDamage.At(reader.Path, reader.End, damage);
        }
    }

    /// <summary>Deletes the segments all of whose records are older than one. The last segment stays.</summary>
    /// <param name="lsn">The oldest record that is still needed, at most one more than <see cref="LastLsn"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The log has no such record yet.</exception>
    /// <exception cref="IOException">This or an earlier write or flush failed.</exception>
    public void TruncateBefore(long lsn)
    {
        lock (_truncation)
        {
            LogSegment[] old;
            lock (_gate)
            {
                ThrowIfUnusable();
                ArgumentOutOfRangeException.ThrowIfGreaterThan(lsn, _lastLsn + 1);
                old = [.. _segments.Take(_segments.Count - 1).Where((_, i) => _segments[i + 1].FirstLsn <= lsn)];
                if (old.Length == 0)
                    return;
                _segments.RemoveRange(0, old.Length);
            }

            try
            {
                // First the mark, so that a crash in between leaves segments too many, which the next opening deletes.
                _mark.RaiseFirstLsn(FirstLsn);
            }
            catch (Exception exception)
            {
                throw Fail(exception);
            }

            foreach (LogSegment segment in old)
                File.Delete(segment.Path);
            DirectorySync.Flush(DirectoryPath);
        }
    }

    /// <summary>Flushes what was appended and closes the log; a failure of this last flush is not reported.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_isClosed)
                return;
            _isClosed = true;
            Monitor.PulseAll(_gate);
        }

        _closing.Set();
        if (_flusher.IsAlive)
            _flusher.Join();
        lock (_append)
        {
            Flush();
            try
            {
                _mark.Flush();
            }
            catch (IOException)
            {
                // The mark is not needed to keep what was acknowledged, only to find damage.
            }

            _writer.Dispose();
            _mark.Dispose();
            _lock.Dispose();
        }

        _closing.Dispose();
    }

    private void ThrowIfUnusable()
    {
        Debug.Assert(Monitor.IsEntered(_gate), "The state is read under the gate.");
        ObjectDisposedException.ThrowIf(_isClosed, this);
        if (_failure is not null)
            throw new IOException(_failure.Message, _failure);
    }

    // Ends the log: no record is taken and none acknowledged after this.
    private IOException Fail(Exception exception)
    {
        TaskCompletionSource? waiting;
        IOException failure;
        lock (_gate)
        {
            failure = _failure ??= new IOException($"The log in '{DirectoryPath}' failed and takes no more records: {exception.Message}", exception);
            waiting = _waiting;
            _waiting = null;
        }

        waiting?.TrySetException(failure);
        return failure;
    }

    // Begins a new segment. The old one is whole on disk before: a log is torn in its last segment or nowhere.
    private void Rotate()
    {
        Flush();
        lock (_gate)
        {
            ThrowIfUnusable();
            Debug.Assert(_durableLsn == _lastLsn, "Nothing is appended meanwhile.");
        }

        SegmentWriter next;
        try
        {
            next = SegmentWriter.Create(DirectoryPath, new SegmentHeader(_mark.LogId, _lastLsn + 1, _writer.Link), _options);
        }
        catch (Exception exception)
        {
            throw Fail(exception);
        }

        lock (_gate)
        {
            Debug.Assert(!_isFlushing, "There is nothing to flush.");
            _writer.Dispose();
            _writer = next;
            _segments.Add(new LogSegment(next.Path, _lastLsn + 1, next.Offset));
        }
    }
}
