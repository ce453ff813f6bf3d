namespace RecSys.Cluster.Log;

/// <content>Group commit: one flush for all records appended before it.</content>
public sealed partial class WriteAheadLog
{
    private readonly Thread _flusher;
    private readonly ManualResetEventSlim _closing = new();

    // Callers whose records the running flush covers, and those who wait for the next.
    private TaskCompletionSource? _flushing;
    private TaskCompletionSource? _waiting;
    private bool _isFlushing;
    private long _flushingLsn;
    private long _flushCount;

    /// <summary>Number of flushes since the log was opened.</summary>
    internal long FlushCount => Interlocked.Read(ref _flushCount);

    /// <summary>Waits until a record is on disk.</summary>
    /// <param name="lsn">The record.</param>
    /// <param name="cancellation">Ends the wait; the record stays in the log and may become durable all the same.</param>
    /// <returns>Completes when <see cref="DurableLsn"/> has reached <paramref name="lsn"/>.</returns>
    /// <exception cref="ArgumentOutOfRangeException">No such record was appended.</exception>
    /// <exception cref="IOException">A write or flush failed, this one or an earlier one.</exception>
    public ValueTask WhenDurable(long lsn, CancellationToken cancellation = default)
    {
        Task task;
        lock (_gate)
        {
            ThrowIfUnusable();
            ArgumentOutOfRangeException.ThrowIfGreaterThan(lsn, _lastLsn);
            if (lsn <= _durableLsn)
                return ValueTask.CompletedTask;
            if (_isFlushing && lsn <= _flushingLsn)
            {
                _flushing ??= NewGroup();
                task = _flushing.Task;
            }
            else
            {
                _waiting ??= NewGroup();
                task = _waiting.Task;
                Monitor.PulseAll(_gate);
            }
        }

        return new ValueTask(task.WaitAsync(cancellation));
    }

    private static TaskCompletionSource NewGroup() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private void RunFlushes()
    {
        while (true)
        {
            lock (_gate)
            {
                while (_waiting is null && !_isClosed)
                    Monitor.Wait(_gate);
                if (_waiting is null)
                    return;
            }

            if (_options.GroupDelay > TimeSpan.Zero)
                _closing.Wait(_options.GroupDelay);
            Flush();
        }
    }

    // One flush at a time: of two that run at once on a file, only one is told of a write that failed.
    private void Flush()
    {
        SegmentWriter writer;
        lock (_gate)
        {
            while (_isFlushing)
                Monitor.Wait(_gate);
            if (_failure is not null || _durableLsn == _lastLsn)
                return;
            (_isFlushing, _flushingLsn) = (true, _lastLsn);
            (_flushing, _waiting) = (_waiting, null);
            writer = _writer;
        }

        IOException? failure = null;
        try
        {
            writer.Flush();
            // The mark is in the system's hands before anybody hears that the records are durable.
            _mark.RaiseDurableLsn(_flushingLsn);
            Interlocked.Increment(ref _flushCount);
        }
        catch (Exception exception)
        {
            failure = Fail(exception);
        }

        TaskCompletionSource? group;
        lock (_gate)
        {
            if (failure is null)
                _durableLsn = _flushingLsn;
            group = _flushing;
            (_isFlushing, _flushing) = (false, null);
            Monitor.PulseAll(_gate);
        }

        if (failure is null)
            group?.TrySetResult();
        else
            group?.TrySetException(failure);
    }
}
