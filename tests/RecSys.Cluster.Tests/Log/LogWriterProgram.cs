using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>
/// The program that <see cref="KilledWriterTests"/> kills: it appends records from several callers as fast as it can and prints the
/// number of each one that it was told is durable.
/// </summary>
internal static class LogWriterProgram
{
    private const int Callers = 4;

    public static WriteAheadLogOptions Options { get; } = new() { SegmentByteCount = 512 << 10 };

    /// <summary>The payload of a record: the same in every process.</summary>
    public static byte[] Payload(long lsn)
    {
        var random = new Random((int)lsn);
        byte[] payload = new byte[random.Next(random.Next(8) == 0 ? 200_000 : 2_000)];
        random.NextBytes(payload);
        return payload;
    }

    public static async Task<int> Main(string[] arguments)
    {
        using WriteAheadLog log = WriteAheadLog.Open(arguments[0], Options);
        var order = new Lock();

        async Task Run()
        {
            while (true)
            {
                long lsn;
                lock (order)
                {
                    byte[] payload = Payload(log.LastLsn + 1);
                    lsn = log.Append(payload);
                }

                await log.WhenDurable(lsn);
                await Console.Out.WriteLineAsync($"{lsn}");
            }
        }

        await Task.WhenAll(Enumerable.Range(0, Callers).Select(_ => Task.Run(Run)));
        return 0;
    }
}
