using System.Numerics;

namespace RecSys.Cluster.Client;

/// <summary>How long the requests of a client to one node took. Thread-safe.</summary>
/// <remarks>Times are counted in classes an eighth of their size wide, so a quantile is right to 13 %.</remarks>
public sealed class NodeLatency
{
    private const int ClassesPerPower = 8;
    private readonly long[] _counts = new long[40 * ClassesPerPower];
    private long _count;
    private long _failures;
    private long _hedges;

    internal NodeLatency(string node) => Node = node;

    /// <summary>Name of the node.</summary>
    public string Node { get; }

    /// <summary>Requests that were answered.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>Requests that failed or were refused.</summary>
    public long Failures => Interlocked.Read(ref _failures);

    /// <summary>Requests that were sent to other nodes too, because this one took long or failed.</summary>
    public long Hedges => Interlocked.Read(ref _hedges);

    /// <summary>Time within which a share of the requests was answered.</summary>
    /// <param name="share">0 … 1, for example 0.99.</param>
    /// <returns>Zero when none has been answered.</returns>
    public TimeSpan Quantile(double share)
    {
        double rank = share * Count;
        long below = 0;
        for (int i = 0; i < _counts.Length; i++)
        {
            below += Interlocked.Read(ref _counts[i]);
            if (below > 0 && below >= rank)
                return TimeSpan.FromMicroseconds(LargestOf(i));
        }

        return TimeSpan.Zero;
    }

    internal void Add(TimeSpan time)
    {
        Interlocked.Increment(ref _counts[ClassOf((ulong)Math.Max(0, time.TotalMicroseconds))]);
        Interlocked.Increment(ref _count);
    }

    internal void AddFailure() => Interlocked.Increment(ref _failures);

    internal void AddHedge() => Interlocked.Increment(ref _hedges);

    // Up to 8 µs one class each, then eight to every power of two.
    private int ClassOf(ulong microseconds)
    {
        if (microseconds < ClassesPerPower)
            return (int)microseconds;
        int power = BitOperations.Log2(microseconds) - BitOperations.Log2(ClassesPerPower);
        return Math.Min(_counts.Length - 1, (power * ClassesPerPower) + (int)(microseconds >> power));
    }

    private static ulong LargestOf(int number)
    {
        int power = Math.Max(0, (number / ClassesPerPower) - 1);
        return ((ulong)(number - (power * ClassesPerPower)) + 1 << power) - 1;
    }
}
