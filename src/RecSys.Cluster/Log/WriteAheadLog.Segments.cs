using System.Diagnostics;

namespace RecSys.Cluster.Log;

/// <content>Segment files: reading, deleting and beginning them.</content>
public sealed partial class WriteAheadLog
{
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
