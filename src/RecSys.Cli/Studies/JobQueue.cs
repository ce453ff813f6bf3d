namespace RecSys.Cli.Studies;

/// <summary>Jobs that several threads take, the earliest round first, in it the longest, and of equal ones that which came first; a job may add others. Thread-safe.</summary>
internal sealed class JobQueue
{
    private readonly object _monitor = new();
    private readonly PriorityQueue<Action, (int Round, double Seconds, int Number)> _waiting = new();
    private int _added;
    private int _running;

    /// <summary>Adds a job.</summary>
    /// <param name="round">Jobs of a later round begin when no thread finds one of an earlier round.</param>
    /// <param name="seconds">About what it takes: the longest begin first, so that none is left alone at the end.</param>
    /// <param name="job">The job, which must not throw.</param>
    public void Add(int round, double seconds, Action job)
    {
        lock (_monitor)
        {
            _waiting.Enqueue(job, (round, -seconds, _added++));
            Monitor.PulseAll(_monitor);
        }
    }

    /// <summary>Does all jobs.</summary>
    /// <param name="threads">Jobs at the same time.</param>
    public void Run(int threads)
        => Task.WaitAll([.. Enumerable.Range(0, threads).Select(_ => Task.Factory.StartNew(Work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default))]);

    private void Work()
    {
        while (Take() is { } job)
        {
            try
            {
                job();
            }
            finally
            {
                lock (_monitor)
                {
                    _running--;
                    Monitor.PulseAll(_monitor);
                }
            }
        }
    }

    // Null when there is nothing to do, and nobody left who could add something.
    private Action? Take()
    {
        lock (_monitor)
        {
            while (_waiting.Count == 0 && _running > 0)
                Monitor.Wait(_monitor);
            if (!_waiting.TryDequeue(out var job, out _))
                return null;
            _running++;
            return job;
        }
    }
}
