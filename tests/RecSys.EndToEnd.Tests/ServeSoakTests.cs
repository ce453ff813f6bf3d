using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using RecSys.Embeddings.Memory;
using RecSys.Serving.Client;
using RecSys.Training;
using RecSys.Training.Checkpoints;
using Xunit.Abstractions;

namespace RecSys.EndToEnd.Tests;

/// <summary>A server under load for minutes, while its model changes, and under more load than it can take.</summary>
public sealed class ServeSoakTests(TrainedWorkspace trained, ITestOutputHelper output) : IClassFixture<TrainedWorkspace>
{
    private static readonly long[] s_ids = [.. Enumerable.Range(0, 40).Select(i => (long)i)];
    private static readonly LookupRequest s_lookup = new() { Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(s_ids) } };

    [Fact]
    public Task Swaps_UnderLoad_FailNoRequest() => SwapAsync(TimeSpan.FromSeconds(12), TimeSpan.FromSeconds(2));

    [Fact]
    [Trait("Category", "Long")]
    public Task Swaps_TenMinutes_FailNoRequest() => SwapAsync(TimeSpan.FromMinutes(10), TimeSpan.FromSeconds(10));

    [Fact]
    public Task Overload_Seconds_IsRefusedOrAnswered() => OverloadAsync(TimeSpan.FromSeconds(5));

    [Fact]
    [Trait("Category", "Long")]
    public Task Overload_OneMinute_IsRefusedOrAnswered() => OverloadAsync(TimeSpan.FromMinutes(1));

    private async Task SwapAsync(TimeSpan duration, TimeSpan interval)
    {
        string run = trained.Work.PathOf($"soak-{Guid.NewGuid():N}");
        Workspace.RunToResult("train", trained.Work.PathOf("run.yaml"), "--out", run, "--set", "train.epochs=3", "--set", "train.early_stopping={metric: auc, patience: 3}");
        var store = new CheckpointStore(run);
        long[] steps = [.. Directory.GetDirectories(store.Folder).Select(f => long.Parse(Path.GetFileName(f), CultureInfo.InvariantCulture)).Order()];
        var expected = steps.ToDictionary(s => s.ToString(CultureInfo.InvariantCulture), s => Vectors(run, s));
        using var server = new ServeProcess(run, "--set", "follow_seconds=0.1");
        using var client = new RecSysClient(new RecSysClientOptions { Address = server.Url, Retries = 0 });
        var times = new ConcurrentBag<(TimeSpan At, TimeSpan Took)>();
        var versions = new ConcurrentDictionary<string, int>();
        List<TimeSpan> swaps = [];
        long started = Stopwatch.GetTimestamp();
        long settled = 0;

        // A fixed rate, whatever the answers take: late ones are counted from when they were due.
        Task[] load = [.. Enumerable.Range(0, 4).Select(c => Task.Run(async () =>
        {
            for (int i = 0; ; i++)
            {
                var due = TimeSpan.FromMilliseconds((20 * i) + (5 * c));
                if (due > duration)
                    return;
                var early = due - Stopwatch.GetElapsedTime(started);
                if (early > TimeSpan.Zero)
                    await Task.Delay(early);
                string version = i % 2 == 0 ? await LookUpAsync() : (await client.ScoreAsync(new ScoreRequest { Features = new Dictionary<string, object?> { ["user"] = "u1", ["item"] = "i3" } })).ModelVersion;
                versions.AddOrUpdate(version, 1, (_, n) => n + 1);
                times.Add((due, Stopwatch.GetElapsedTime(started) - due));
            }
        }))];
        for (int i = 1; Stopwatch.GetElapsedTime(started) + interval < duration; i++)
        {
            await Task.Delay(interval);
            SealedJson.Write(Path.Combine(run, "current.json"), store.ReadCurrent()! with { Best = steps[i % steps.Length] });
            swaps.Add(Stopwatch.GetElapsedTime(started));
            if (i == 4)
                settled = server.ResidentBytes;
        }

        await Task.WhenAll(load);
        double during = Quantile(times.Where(t => swaps.Exists(s => t.At >= s && t.At < s + TimeSpan.FromSeconds(1))));
        double outside = Quantile(times.Where(t => !swaps.Exists(s => t.At >= s && t.At < s + TimeSpan.FromSeconds(1))));
        output.WriteLine($"{times.Count} requests, none failed; {swaps.Count} swaps, versions {string.Join(", ", versions.OrderBy(v => v.Key).Select(v => $"{v.Key}: {v.Value}"))}; p99 {during:0.0} ms in the second of a swap, {outside:0.0} ms else; memory {settled >> 20} MiB after 4 swaps, {server.ResidentBytes >> 20} MiB in the end");
        Assert.Equal(steps.Length, versions.Count);
        Assert.True(server.ResidentBytes < settled + (32 << 20), $"memory grew from {settled} to {server.ResidentBytes} bytes");

        async Task<string> LookUpAsync()
        {
            var reply = await client.LookupAsync(s_lookup);
            Assert.Equal(expected[reply.ModelVersion], reply.Features["item"].Vectors.SelectMany(v => v.ToArray()));
            return reply.ModelVersion;
        }
    }

    // Many more clients than places: each tries again at once.
    private async Task OverloadAsync(TimeSpan duration)
    {
        using var server = new ServeProcess(trained.Run, "--set", "max_concurrent_requests=2", "--set", "max_queued_requests=8");
        using var client = new RecSysClient(new RecSysClientOptions { Address = server.Url, Retries = 0, MaxConnections = 200 });
        var request = new ScoreRequest { Features = new Dictionary<string, object?> { ["user"] = "u1" }, Samples = [.. Enumerable.Range(0, 500).Select(i => new Dictionary<string, object?> { ["item"] = $"i{i % 89}" })] };
        var expected = (await client.ScoreAsync(request)).Scores;
        var times = new ConcurrentBag<(TimeSpan At, TimeSpan Took)>();
        int refused = 0;
        long before = server.ResidentBytes;
        long started = Stopwatch.GetTimestamp();

        await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => Task.Run(async () =>
        {
            while (Stopwatch.GetElapsedTime(started) < duration)
            {
                var sent = Stopwatch.GetElapsedTime(started);
                try
                {
                    Assert.Equal(expected.Count, (await client.ScoreAsync(request)).Scores.Count);
                    times.Add((sent, Stopwatch.GetElapsedTime(started) - sent));
                }
                catch (ServingException e) when (e.Status == System.Net.HttpStatusCode.TooManyRequests)
                {
                    Interlocked.Increment(ref refused);
                }
            }
        })));

        output.WriteLine($"{times.Count} answered, {refused} refused; p99 of the answered {Quantile(times):0.0} ms; memory {before >> 20} MiB before, {server.ResidentBytes >> 20} MiB after");
        Assert.NotEmpty(times);
        Assert.NotEqual(0, refused);
        Assert.True(server.ResidentBytes < before + (256 << 20), $"memory grew from {before} to {server.ResidentBytes} bytes");
        var again = (await client.ScoreAsync(request)).Scores;
        for (int i = 0; i < expected.Count; i++)
            Assert.Equal(expected[i], again[i], 1e-6f);
    }

    private static float[] Vectors(string run, long step)
    {
        using var open = ServableRun.Open(run, step);
        float[] vectors = new float[s_ids.Length * open.Lookup("embedding").Dimension];
        open.Lookup("embedding").Read("item", s_ids, vectors);
        return vectors;
    }

    private static double Quantile(IEnumerable<(TimeSpan At, TimeSpan Took)> times)
    {
        double[] sorted = [.. times.Select(t => t.Took.TotalMilliseconds).Order()];
        return sorted.Length == 0 ? double.NaN : sorted[(int)(0.99 * sorted.Length)];
    }
}
