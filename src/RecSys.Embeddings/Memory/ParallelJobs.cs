namespace RecSys.Embeddings.Memory;

/// <summary>
/// Runs numbered jobs on the calling thread and threads of the pool. Unlike <see cref="Parallel"/> it allocates nothing once
/// warm, which counts for the few short loops of every training step.
/// </summary>
internal static class ParallelJobs
{
    /// <summary>Runs <paramref name="job"/> for 0 … <paramref name="count"/> − 1 and returns when all have ended.</summary>
    /// <typeparam name="TState">What the jobs share.</typeparam>
    /// <param name="count">Number of jobs; each runs once, in any order.</param>
    /// <param name="threadCount">Threads at most, the calling one included.</param>
    /// <param name="state">Handed to every job.</param>
    /// <param name="job">The job; a static lambda, so that nothing is captured.</param>
    /// <remarks>The first exception of a job is thrown again here, after the running jobs have ended; no further jobs start. Calls
    /// may nest, and may come from several threads.</remarks>
    public static void Run<TState>(int count, int threadCount, TState state, Action<int, TState> job)
    {
        if (count <= 1 || threadCount <= 1)
        {
            for (int i = 0; i < count; i++)
                job(i, state);
            return;
        }

        SharedLoop<TState> loop = SharedLoop<TState>.Take();
        loop.Run(count, Math.Min(count, threadCount), state, job);
        SharedLoop<TState>.Return(loop);
    }
}
