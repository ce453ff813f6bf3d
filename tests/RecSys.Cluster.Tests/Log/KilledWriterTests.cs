using System.Diagnostics;
using System.Globalization;
using RecSys.Cluster.Log;

namespace RecSys.Cluster.Tests.Log;

/// <summary>Processes that are killed while they write: each record they said was durable has to be there.</summary>
public sealed class KilledWriterTests
{
    [Fact]
    public void Open_AfterKilledWriters_HoldsWhatTheyAcknowledged() => Run(rounds: 20, seed: 1);

    [Fact]
    [Trait("Category", "Long")]
    public void Open_AfterManyKilledWriters_HoldsWhatTheyAcknowledged() => Run(rounds: 200, seed: 2);

    private static void Run(int rounds, int seed)
    {
        using var folder = new LogFolder(onDisk: true);
        var random = new Random(seed);
        for (int round = 0; round < rounds; round++)
        {
            long acknowledged = KillWriter(folder.Path, random);
            string message = $"seed {seed}, round {round}";
            using WriteAheadLog log = WriteAheadLog.Open(folder.Path, LogWriterProgram.Options);
            Assert.True(log.LastLsn >= acknowledged, $"{message}: record {acknowledged} was acknowledged, the last one is {log.LastLsn}.");
            long expected = log.FirstLsn;
            log.Replay(expected, (lsn, payload) =>
            {
                Assert.True(lsn == expected, $"{message}: record {lsn}, expected {expected}.");
                Assert.True(payload.SequenceEqual(LogWriterProgram.Payload(lsn)), $"{message}: record {lsn} differs.");
                expected++;
            });
            Assert.True(expected == log.LastLsn + 1, message);

            // Keeps the log short, and lets the next writer begin with any number of segments.
            log.TruncateBefore(random.NextInt64(log.FirstLsn, log.LastLsn + 2));
        }
    }

    // Returns the highest number that the writer printed.
    private static long KillWriter(string directory, Random random)
    {
        var start = new ProcessStartInfo(Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") ?? "dotnet") { RedirectStandardOutput = true };
        foreach (string argument in new[] { "exec", typeof(LogWriterProgram).Assembly.Location, directory })
            start.ArgumentList.Add(argument);
        using Process process = Process.Start(start)!;
        List<string> lines = [];
        for (int count = random.Next(1, 100); count > 0; count--)
            lines.Add(process.StandardOutput.ReadLine() ?? throw new InvalidOperationException($"The writer ended by itself after {lines.Count} records."));
        Thread.SpinWait(random.Next(100_000));
        process.Kill();
        string rest = process.StandardOutput.ReadToEnd();
        process.WaitForExit();

        // A number whose line has no end was not printed whole.
        lines.AddRange(rest[..(rest.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries));
        return lines.Max(line => long.Parse(line, CultureInfo.InvariantCulture));
    }
}
