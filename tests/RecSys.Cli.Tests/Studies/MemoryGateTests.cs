using RecSys.Cli.Studies;

namespace RecSys.Cli.Tests.Studies;

public sealed class MemoryGateTests
{
    [Fact]
    public void Run_NeverTakesMoreThanTheLimitAtOnce()
    {
        const long Limit = 10;
        var gate = new MemoryGate(Limit);
        long taken = 0;
        long most = 0;
        var changes = new Lock();

        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i =>
        {
            long bytes = 1 + (i % 6);
            gate.Run(bytes, () =>
            {
                lock (changes)
                    most = Math.Max(most, taken += bytes);
                Thread.Yield();
                lock (changes)
                    taken -= bytes;
            });
        });

        Assert.InRange(most, 1, Limit);
        Assert.Equal(0, taken);
    }

    [Fact]
    public void Run_MoreThanTheLimit_IsDoneAlone()
    {
        var gate = new MemoryGate(1);
        int done = 0;

        gate.Run(5, () => done++);
        Assert.Throws<IOException>(() => gate.Run(5, () => throw new IOException()));
        gate.Run(5, () => done++);

        Assert.Equal(2, done);
    }
}
