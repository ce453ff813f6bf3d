using System.Runtime.ExceptionServices;

namespace RecSys.Embeddings.Memory;

/// <summary>A loop whose numbers are handed out to several threads; kept and used again by the thread that owns it.</summary>
/// <typeparam name="TState">What the jobs share.</typeparam>
internal sealed class SharedLoop<TState> : IThreadPoolWorkItem
{
    [ThreadStatic]
    private static SharedLoop<TState>? t_spare;

    private readonly Lock _lock = new();
    private readonly ManualResetEventSlim _allLeft = new();
    private Action<int, TState>? _job;
    private TState? _state;
    private int _count;
    private int _next;
    private int _queued;
    private int _helperLimit;
    private int _joined;
    private int _running;
    private ExceptionDispatchInfo? _error;

    /// <summary>The spare loop of this thread, or a new one when it is in use further up the stack.</summary>
    public static SharedLoop<TState> Take()
    {
        SharedLoop<TState> loop = t_spare ?? new SharedLoop<TState>();
        t_spare = null;
        return loop;
    }

    /// <summary>Keeps a loop for the next call on this thread.</summary>
    public static void Return(SharedLoop<TState> loop) => t_spare = loop;

    /// <summary>Runs the jobs, with the calling thread among those that work.</summary>
    public void Run(int count, int threadCount, TState state, Action<int, TState> job)
    {
        int missing = Open(count, threadCount - 1, state, job);
        for (int i = 0; i < missing; i++)
            ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
        Work(job, state);
        Close()?.Throw();
    }

    // Runs on a thread of the pool, possibly so late that the loop is over or works for a later call, which it then helps.
    void IThreadPoolWorkItem.Execute()
    {
        Action<int, TState> job;
        TState state;
        lock (_lock)
        {
            _queued--;
            if (_job is null || _joined == _helperLimit)
                return;
            _joined++;
            _running++;
            (job, state) = (_job, _state!);
        }

        Work(job, state);
        lock (_lock)
        {
            if (--_running == 0)
                _allLeft.Set();
        }
    }

    private int Open(int count, int helperLimit, TState state, Action<int, TState> job)
    {
        lock (_lock)
        {
            (_job, _state, _count, _next, _error) = (job, state, count, -1, null);
            (_helperLimit, _joined) = (helperLimit, 0);
            int missing = Math.Max(0, helperLimit - _queued);
            _queued += missing;
            return missing;
        }
    }

    private void Work(Action<int, TState> job, TState state)
    {
        try
        {
            for (int i = Interlocked.Increment(ref _next); i < _count; i = Interlocked.Increment(ref _next))
                job(i, state);
        }
        catch (Exception e)
        {
            // Carried to the calling thread, which throws it again.
            Interlocked.CompareExchange(ref _error, ExceptionDispatchInfo.Capture(e), null);
            Volatile.Write(ref _next, _count);
        }
    }

    // After this no thread can join; those that have joined are waited for, first spinning because jobs are short.
    private ExceptionDispatchInfo? Close()
    {
        bool mustWait;
        lock (_lock)
        {
            (_job, _state) = (null, default);
            mustWait = _running > 0;
            _allLeft.Reset();
        }

        if (mustWait)
            _allLeft.Wait();
        return _error;
    }
}
