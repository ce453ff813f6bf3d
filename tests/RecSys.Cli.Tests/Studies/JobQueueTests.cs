using RecSys.Cli.Studies;

namespace RecSys.Cli.Tests.Studies;

public sealed class JobQueueTests
{
    [Fact]
    public void Run_OneThread_GoesByRoundThenLengthThenOrder()
    {
        var queue = new JobQueue();
        List<string> done = [];
        queue.Add(1, 9, () => done.Add("second round"));
        queue.Add(0, 1, () => done.Add("short"));
        queue.Add(0, 5, () => done.Add("long"));
        queue.Add(0, 5, () => done.Add("as long"));
        queue.Add(0, 1, () => done.Add("as short"));

        queue.Run(1);

        Assert.Equal(["long", "as long", "short", "as short", "second round"], done);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(5)]
    public void Run_JobsThatAddJobs_AreAllDone(int threads)
    {
        var queue = new JobQueue();
        int done = 0;
        for (int i = 0; i < 4; i++)
            Grow(0);

        queue.Run(threads);

        Assert.Equal(4 * (1 + 2 + 4 + 8), done);

        void Grow(int round) => queue.Add(round, 1, () =>
        {
            Interlocked.Increment(ref done);
            Thread.Sleep(1);
            for (int i = 0; round < 3 && i < 2; i++)
                Grow(round + 1);
        });
    }

    // The only job there is at first adds two that wait for each other.
    [Fact]
    public void Run_ThreadsWithoutWork_WaitForWhatOthersAdd()
    {
        var queue = new JobQueue();
        using var both = new Barrier(2);
        queue.Add(0, 1, () =>
        {
            for (int i = 0; i < 2; i++)
                queue.Add(1, 1, () => Assert.True(both.SignalAndWait(TimeSpan.FromMinutes(1))));
        });

        queue.Run(2);

        Assert.Equal(1, both.CurrentPhaseNumber);
    }
}
