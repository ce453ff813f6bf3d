using RecSys.Embeddings.Memory;

namespace RecSys.Embeddings.Tests.Memory;

public sealed class ParallelJobsTests
{
    [Theory]
    [InlineData(0, 4)]
    [InlineData(1, 4)]
    [InlineData(7, 1)]
    [InlineData(7, 2)]
    [InlineData(1000, 4)]
    public void Run_AnyCount_RunsEveryNumberOnce(int count, int threadCount)
    {
        int[] runs = new int[count];

        for (int round = 1; round <= 200; round++)
        {
            ParallelJobs.Run(count, threadCount, runs, static (i, runs) => Interlocked.Increment(ref runs[i]));

            Assert.All(runs, r => Assert.Equal(round, r));
        }
    }

    [Fact]
    public void Run_ManyJobs_UsesNoMoreThreadsThanAllowed()
    {
        var load = new Load();
        for (int round = 0; round < 100; round++)
        {
            ParallelJobs.Run(64, 3, load, static (_, load) =>
            {
                int now = Interlocked.Increment(ref load.Now);
                for (int seen = load.Most; seen < now; seen = load.Most)
                    Interlocked.CompareExchange(ref load.Most, now, seen);
                Thread.SpinWait(200);
                Interlocked.Decrement(ref load.Now);
            });

            Assert.Equal(0, load.Now);
        }

        Assert.InRange(load.Most, 1, 3);
    }

    [Fact]
    public void Run_JobsThatWaitForEachOther_HasSeveralThreads()
    {
        // Each job can end only while the other runs.
        using var barrier = new Barrier(2);

        ParallelJobs.Run(2, 2, barrier, static (_, barrier) => Assert.True(barrier.SignalAndWait(TimeSpan.FromSeconds(30))));
    }

    [Fact]
    public void Run_Nested_RunsEveryPair()
    {
        int[] runs = new int[8 * 50];

        ParallelJobs.Run(8, 3, runs, static (outer, runs) => ParallelJobs.Run(
            50, 3, (Runs: runs, Outer: outer), static (inner, s) => Interlocked.Increment(ref s.Runs[(s.Outer * 50) + inner])));

        Assert.All(runs, r => Assert.Equal(1, r));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(4)]
    public void Run_JobThatThrows_ThrowsTheSameHereAndWorksAgain(int threadCount)
    {
        var thrown = new InvalidOperationException("job 13");

        var caught = Assert.Throws<InvalidOperationException>(() => ParallelJobs.Run(100, threadCount, thrown, static (i, e) =>
        {
            if (i == 13)
                throw e;
        }));

        Assert.Same(thrown, caught);
        int[] runs = new int[10];
        ParallelJobs.Run(10, threadCount, runs, static (i, runs) => runs[i]++);
        Assert.All(runs, r => Assert.Equal(1, r));
    }

    [Fact]
    public void Run_Again_AllocatesNothingOnTheCallingThread()
    {
        int[] runs = new int[100];
        long least = long.MaxValue;

        // The pool's queue may grow now and then, so the least of several rounds counts.
        for (int round = 0; round < 20; round++)
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            Run();
            least = Math.Min(least, GC.GetAllocatedBytesForCurrentThread() - before);
        }

        Assert.Equal(0, least);

        void Run() => ParallelJobs.Run(runs.Length, 2, runs, static (i, runs) => runs[i]++);
    }

    private sealed class Load
    {
        public int Now;
        public int Most;
    }
}
