namespace RecSys.Cli.Studies;

/// <summary>Lets work begin as long as its memory fits beside what is under way. Thread-safe.</summary>
/// <param name="limit">Bytes that all may take together; work that takes more than that alone is done alone.</param>
internal sealed class MemoryGate(long limit)
{
    private readonly object _monitor = new();
    private long _taken;

    /// <summary>Waits until there is room, does the work, and makes room again.</summary>
    /// <param name="bytes">What the work takes.</param>
    /// <param name="work">The work.</param>
    public void Run(long bytes, Action work)
    {
        lock (_monitor)
        {
            while (_taken > 0 && _taken + bytes > limit)
                Monitor.Wait(_monitor);
            _taken += bytes;
        }

        try
        {
            work();
        }
        finally
        {
            lock (_monitor)
            {
                _taken -= bytes;
                Monitor.PulseAll(_monitor);
            }
        }
    }
}
