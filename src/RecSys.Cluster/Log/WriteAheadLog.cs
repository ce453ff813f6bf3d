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
}
