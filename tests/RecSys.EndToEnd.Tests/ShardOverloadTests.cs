using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net;
using System.Runtime.InteropServices;
using RecSys.Cluster;
using RecSys.Cluster.Http;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using Xunit.Abstractions;

namespace RecSys.EndToEnd.Tests;

/// <summary>A shard server that gets ten times as many requests at once as it takes.</summary>
public sealed class ShardOverloadTests(ITestOutputHelper output)
{
    private const int Concurrent = 4;
    private const int Queued = 16;
    private const int Clients = 10 * (Concurrent + Queued);
    private const int Rows = 20_000;
    private const int Width = 16;
    private const int Patterns = 8;

    // Over what the server has before: 20 requests and answers of 1.4 MB, the windows of the connections, and what the run-time keeps of
    // it all. The 200 requests alone would be 280 MB.
    private const long MemoryBound = 200L << 20;

    private readonly ConcurrentQueue<double> _milliseconds = [];
    private readonly int[] _acknowledged = new int[Patterns];
    private int _refused;

    [Theory]
    [InlineData(ShardProtocol.Http2)]
    [InlineData(ShardProtocol.Http1)]
    public Task Overload_FiveSeconds_AnswersOrRefuses(ShardProtocol protocol) => RunAsync(protocol, TimeSpan.FromSeconds(5));

    [Theory]
    [InlineData(ShardProtocol.Http2)]
    [InlineData(ShardProtocol.Http1)]
    [Trait("Category", "Long")]
    public Task Overload_OneMinute_AnswersOrRefuses(ShardProtocol protocol) => RunAsync(protocol, TimeSpan.FromMinutes(1));

    // Gradients are small whole numbers and the rate is 1, so that sums are exact and do not depend on the order. Every second number of
    // a row is the negative of the one before: a row that is read half updated shows.
    private async Task RunAsync(ShardProtocol protocol, TimeSpan time)
    {
        using var server = new ShardProcess("node", ["--protocol", protocol == ShardProtocol.Http1 ? "http1" : "http2", "--max-requests", $"{Concurrent}", "--max-queue", $"{Queued}", "--max-connections", "256"]);
        var model = new ShardedModel("model", [new TableSpec("rows", Rows, Width, Initializer.Zero)], "sgd", new SparseOptimizerOptions { LearningRate = 1 }, seed: 1);
        using var requests = new ShardRequests(server, model, protocol);
        await requests.OpenAsync();
        RowBatch[] patterns = [.. Enumerable.Range(0, Patterns).Select(Pattern)];
        long before = server.ResidentBytes;

        long until = Stopwatch.GetTimestamp() + (long)(time.TotalSeconds * Stopwatch.Frequency);
        await Task.WhenAll(Enumerable.Range(0, Clients).Select(c => Task.Run(() => RunClientAsync(requests, patterns, c, until))));

        long peak = server.PeakResidentBytes;
        double[] times = [.. _milliseconds.Order()];
        double p99 = times[(int)(0.99 * (times.Length - 1))];
        output.WriteLine($"{protocol}, {Clients} clients for {time.TotalSeconds:0} s: {times.Length} answered ({_acknowledged.Sum()} updates), {_refused} refused; answered within {times[times.Length / 2]:0} ms at p50, {p99:0} ms at p99, {times[^1]:0} ms at most; memory {before >> 20} MiB before, {peak >> 20} MiB at most, bound {(before + MemoryBound) >> 20} MiB");
        Assert.NotEmpty(times);
        Assert.True(_refused > 0, "Nothing was refused: the server was not overloaded.");
        Assert.InRange(peak, 0, before + MemoryBound);

        // What the queue takes, which is seconds where other work has most of the processors.
        Assert.InRange(p99, 0, 20_000);
        await AssertRowsAsync(requests, patterns);
    }

    private async Task RunClientAsync(ShardRequests requests, RowBatch[] patterns, int client, long until)
    {
        var random = new Random(client);
        int pattern = client % Patterns;
        bool isUpdate = client % 2 == 0;
        var gather = requests.Build([patterns[pattern]]);
        for (ulong sequence = 1; Stopwatch.GetTimestamp() < until; sequence++)
        {
            var plan = isUpdate ? requests.Build([patterns[pattern]], (ulong)client + 1, sequence) : gather;
            long started = Stopwatch.GetTimestamp();
            using var response = await requests.PostAsync(isUpdate ? "write" : "read", plan.Nodes[0].Request);
            byte[] body = await response.Content.ReadAsByteArrayAsync();
            if (response.StatusCode == HttpStatusCode.TooManyRequests)
            {
                Interlocked.Increment(ref _refused);
                Assert.NotNull(response.Headers.RetryAfter);
                await Task.Delay(random.Next(20, 100));
                continue;
            }

            Assert.Equal(isUpdate ? HttpStatusCode.NoContent : HttpStatusCode.OK, response.StatusCode);
            _milliseconds.Enqueue(Stopwatch.GetElapsedTime(started).TotalMilliseconds);
            if (isUpdate)
                Interlocked.Increment(ref _acknowledged[pattern]);
            else
                AssertWhole(MemoryMarshal.Cast<byte, float>(body));
        }
    }

    private static void AssertWhole(ReadOnlySpan<float> values)
    {
        Assert.Equal(Rows * Width, values.Length);
        for (int i = 0; i < values.Length; i += 2)
        {
            if (values[i] != -values[i + 1])
                Assert.Fail($"A row was read half updated: {values[i]}, {values[i + 1]}.");
        }
    }

    private async Task AssertRowsAsync(ShardRequests requests, RowBatch[] patterns)
    {
        var rows = patterns[0];
        await requests.GatherAsync(rows);
        for (int i = 0; i < Rows * Width; i++)
        {
            float expected = 0;
            for (int p = 0; p < Patterns; p++)
                expected -= _acknowledged[p] * patterns[p].Gradients[i];
            if (rows.Values[i] != expected)
                Assert.Fail($"Number {i} is {rows.Values[i]}, but the acknowledged updates make {expected}.");
        }
    }

    private static RowBatch Pattern(int seed)
    {
        var random = new Random(seed);
        var batch = new RowBatch(0, Width);
        batch.Add([.. Enumerable.Range(0, Rows).Select(r => (long)r)]);
        for (int i = 0; i < Rows * Width; i += 2)
        {
            batch.Gradients[i] = random.Next(-8, 9);
            batch.Gradients[i + 1] = -batch.Gradients[i];
        }

        return batch;
    }
}
