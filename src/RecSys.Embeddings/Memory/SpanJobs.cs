namespace RecSys.Embeddings.Memory;

/// <summary>Runs numbered jobs that share one span on several threads. The span stays pinned until the last job has ended.</summary>
internal static unsafe class SpanJobs
{
    /// <summary>A job that writes to the span.</summary>
    public delegate void WriteJob<T, TState>(int number, Span<T> span, TState state)
        where T : unmanaged;

    /// <summary>A job that reads the span.</summary>
    public delegate void ReadJob<TState>(int number, ReadOnlySpan<float> span, TState state);

    /// <summary>Runs <paramref name="job"/> for 0 … <paramref name="count"/> − 1; on the calling thread alone when one thread is enough.</summary>
    public static void Write<T, TState>(int count, int threadCount, Span<T> span, TState state, WriteJob<T, TState> job)
        where T : unmanaged
    {
        fixed (T* start = span)
        {
            ParallelJobs.Run(
                count,
                threadCount,
                (Start: (nint)start, span.Length, State: state, Job: job),
                static (i, s) => s.Job(i, new Span<T>((void*)s.Start, s.Length), s.State));
        }
    }

    /// <summary>Runs <paramref name="job"/> for 0 … <paramref name="count"/> − 1; on the calling thread alone when one thread is enough.</summary>
    public static void Read<TState>(int count, int threadCount, ReadOnlySpan<float> span, TState state, ReadJob<TState> job)
    {
        fixed (float* start = span)
        {
            ParallelJobs.Run(
                count,
                threadCount,
                (Start: (nint)start, span.Length, State: state, Job: job),
                static (i, s) => s.Job(i, new ReadOnlySpan<float>((void*)s.Start, s.Length), s.State));
        }
    }
}
