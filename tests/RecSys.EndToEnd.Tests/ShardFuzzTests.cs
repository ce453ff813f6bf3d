using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RecSys.Cluster;
using RecSys.Cluster.Http;
using RecSys.Cluster.Tests;
using RecSys.Embeddings.Optimizers;
using RecSys.Embeddings.Tables;
using Xunit.Abstractions;

namespace RecSys.EndToEnd.Tests;

/// <summary>A shard server that gets requests with anything wrong in them.</summary>
public sealed class ShardFuzzTests(ITestOutputHelper output)
{
    private const string Key = "the-key";
    private const int MaxRequestBytes = 1 << 20;
    private const int Senders = 8;

    // A creation of two billion rows is a valid request too, which is filled for a minute.
    private const int MaxBytes = 1 << 28;
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);
    private static readonly HttpMethod[] s_methods = [HttpMethod.Get, HttpMethod.Put, HttpMethod.Delete, HttpMethod.Head, HttpMethod.Options, HttpMethod.Patch, new HttpMethod("BREW")];
    private static readonly string[] s_numbers = ["-1", "0", "1e308", "99999999999999999999", "null", "\"x\"", "2147483648", "3.5", "[]"];

    [Theory]
    [InlineData(ShardProtocol.Http2, 2000)]
    [InlineData(ShardProtocol.Http1, 1000)]
    public Task Requests_Mutated_AreAnsweredOrRefused(ShardProtocol protocol, int trials) => RunAsync(protocol, trials, seed: 1);

    [Theory]
    [InlineData(ShardProtocol.Http2, 60_000)]
    [InlineData(ShardProtocol.Http1, 40_000)]
    [Trait("Category", "Long")]
    public Task Requests_MutatedManyTimes_AreAnsweredOrRefused(ShardProtocol protocol, int trials) => RunAsync(protocol, trials, seed: 2);

    // Two models: what is mutated names the first, whose rows may change when it happens to be valid still. The second is updated by
    // valid requests only, among the others, so all its bits are known.
    private async Task RunAsync(ShardProtocol protocol, int trials, int seed)
    {
        string keys = Path.GetTempFileName();
        await File.WriteAllTextAsync(keys, "another-key\n" + Key + "\n");
        using var server = new ShardProcess("node", ["--protocol", protocol == ShardProtocol.Http1 ? "http1" : "http2", "--api-keys", keys, "--max-request-bytes", $"{MaxRequestBytes}", "--max-queue", "64", "--max-bytes", $"{MaxBytes}"]);
        using var victim = new ShardRequests(server, Model("victim"), protocol, Key);
        using var kept = new ShardRequests(server, Model("kept"), protocol, Key);
        await victim.OpenAsync();
        await kept.OpenAsync();
        using var expected = new MemoryRowStore(kept.Model.Tables, kept.Model.CreateOptimizer(), kept.Model.Seed);
        expected.Optimizer.LearningRate = 1;

        int next = 0;
        double slowest = 0;
        var answers = new ConcurrentDictionary<string, int>();
        var updating = Task.Run(UpdateAsync);
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(SendAsync)));
        await updating;

        Assert.False(server.HasExited);
        await AssertSameAsync(expected, kept);
        output.WriteLine($"{protocol}, {trials} requests: {string.Join(", ", answers.OrderBy(a => a.Key).Select(a => $"{a.Key} {a.Value}"))}; slowest {slowest:0.00} s");
        File.Delete(keys);

        async Task SendAsync()
        {
            try
            {
                for (int trial = Interlocked.Increment(ref next); trial <= trials; trial = Interlocked.Increment(ref next))
                {
                    long started = Stopwatch.GetTimestamp();
                    answers.AddOrUpdate(await TryAsync(victim, new Random((seed * 1_000_000) + trial), $"seed {seed}, trial {trial}"), 1, (_, count) => count + 1);
                    slowest = Math.Max(slowest, Stopwatch.GetElapsedTime(started).TotalSeconds);
                }
            }
            finally
            {
                // One failure ends it for all.
                Volatile.Write(ref next, trials);
            }
        }

        async Task UpdateAsync()
        {
            for (ulong sequence = 1; Volatile.Read(ref next) < trials; sequence++)
            {
                var batches = Batches(kept.Model, new Random((int)sequence));
                using var response = await kept.PostAsync("write", kept.Build(batches, 1, sequence).Nodes[0].Request);
                Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
                expected.Apply(batches);
            }
        }
    }

    // What came: a status, or "reset" where the request breaks the rules of HTTP itself.
    private static async Task<string> TryAsync(ShardRequests requests, Random random, string trial)
    {
        var attempt = Attempt.Of(requests, random);
        using var deadline = new CancellationTokenSource(s_deadline);
        try
        {
            using var response = await requests.SendAsync(attempt.Method, attempt.Path, attempt.Content, attempt.Key, deadline.Token, isBroken: attempt.BreaksHttp);
            string text = await response.Content.ReadAsStringAsync(deadline.Token);
            int status = (int)response.StatusCode;
            Assert.True(status is (>= 200 and < 300) or (>= 400 and < 500), $"{trial}, {attempt.What}: {status} {text}");
            if (attempt.MustFail)
                Assert.True(status >= 400, $"{trial}, {attempt.What}: {status}");
            if (attempt.BreaksHttp && text.Length == 0)
                return $"{status} without words";
            if (attempt.Key != Key)
                Assert.Equal(HttpStatusCode.Unauthorized, response.StatusCode);
            if (status >= 400 && attempt.Method != HttpMethod.Head)
                AssertExplains(text, $"{trial}, {attempt.What}: {status} '{text}'");
            return status.ToString(CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (attempt.BreaksHttp && !deadline.IsCancellationRequested && e is HttpRequestException or IOException)
        {
            return "reset";
        }
        catch (Exception e) when (e is HttpRequestException or IOException or OperationCanceledException)
        {
            throw new InvalidOperationException($"{trial}, {attempt.What}: {e.Message}", e);
        }
    }

    private static void AssertExplains(string text, string trial)
    {
        try
        {
            var error = JsonDocument.Parse(text).RootElement;
            Assert.False(string.IsNullOrEmpty(error.GetProperty("kind").GetString()), trial);
            Assert.False(string.IsNullOrEmpty(error.GetProperty("error").GetString()), trial);
        }
        catch (Exception e) when (e is JsonException or KeyNotFoundException)
        {
            Assert.Fail(trial);
        }
    }

    private static async Task AssertSameAsync(MemoryRowStore expected, ShardRequests actual)
    {
        var batches = actual.Model.Tables.Select((t, i) =>
        {
            var batch = new RowBatch(i, t.Width);
            batch.Add([.. Enumerable.Range(0, (int)t.RowCount).Select(r => (long)r)]);
            return batch;
        }).ToArray();
        expected.Gather(batches);
        float[][] values = [.. batches.Select(b => b.Values.ToArray())];
        await actual.GatherAsync(batches);
        Assert.All(values.Zip(batches), pair => Assert.Equal(pair.First, pair.Second.Values));
    }

    private static ShardedModel Model(string name) => new(
        name,
        [new TableSpec("item", 1000, 8, Initializer.Normal(0.1)), new TableSpec("linear", 1000, 1, Initializer.Zero)],
        "row_wise_adagrad",
        new SparseOptimizerOptions(),
        seed: 1,
        bucketCount: 16);

    private static RowBatch[] Batches(ShardedModel model, Random random) => [.. model.Tables.Select((table, i) =>
    {
        var batch = new RowBatch(i, table.Width);
        batch.Add([.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => random.NextInt64(table.RowCount))]);
        foreach (ref float g in batch.Gradients)
            g = (float)(random.NextDouble() - 0.5);
        return batch;
    })];

    /// <summary>A request with something wrong in it, mostly.</summary>
    private sealed record Attempt(HttpMethod Method, string Path, HttpContent? Content, string? Key, bool MustFail, bool BreaksHttp)
    {
        public string What { get; private init; } = "";

        public static Attempt Of(ShardRequests requests, Random random)
        {
            bool isWrite = random.Next(2) == 0;
            var batches = Batches(requests.Model, random);
            byte[] valid = requests.Build(batches, isWrite ? (ulong)random.Next(2, 5) : 0, (ulong)random.NextInt64(1, long.MaxValue)).Nodes[0].Request.ToArray();
            string path = $"/models/{requests.Model.Name}/{(isWrite ? "write" : "read")}";
            var post = new Attempt(HttpMethod.Post, path, null, ShardFuzzTests.Key, MustFail: false, BreaksHttp: false);
            var attempt = random.Next(13) switch
            {
                0 => post with { Content = new ByteArrayContent(Noise(random, random.Next(400))), MustFail = true },
                1 => post with { Content = new ByteArrayContent(valid[..random.Next(valid.Length)]), MustFail = true },
                2 => post with { Content = new LyingContent(valid, valid.Length + random.Next(-valid.Length, valid.Length)), BreaksHttp = true },
                3 => post with { Content = new LyingContent(valid, random.NextInt64(MaxRequestBytes + 1L, long.MaxValue)), BreaksHttp = true, MustFail = true },
                4 => post with { Content = new ByteArrayContent(Noise(random, MaxRequestBytes + random.Next(1, 1000))), MustFail = true, BreaksHttp = true },
                5 => post with { Content = new ByteArrayContent(valid), Path = WrongPath(path, random), MustFail = true },
                10 => post with { Content = new ByteArrayContent(valid), Path = ForbiddenPath(random), MustFail = true, BreaksHttp = true },
                6 => post with { Content = random.Next(2) == 0 ? null : new ByteArrayContent(valid), Method = s_methods[random.Next(s_methods.Length)], MustFail = true },
                7 => post with { Content = new ByteArrayContent(valid), Key = random.Next(3) switch { 0 => null, 1 => "the-kez", _ => "the-key2" }, MustFail = true },
                8 => post with { Method = HttpMethod.Put, Content = new StringContent(BadCreation(requests.Model, random), Encoding.UTF8, "application/json"), Path = "/models/created" },
                9 => post with { Content = new LyingContent(valid, null) },
                _ => post with { Content = new ByteArrayContent(RequestMutator.Mutate(valid, random)) },
            };

            // Said now, because the content is gone when it is sent.
            return attempt with { What = $"{attempt.Method} {attempt.Path[..Math.Min(100, attempt.Path.Length)]}, {attempt.Content?.GetType().Name} of {attempt.Content?.Headers.ContentLength} bytes" };
        }

        private static byte[] Noise(Random random, int length)
        {
            byte[] bytes = new byte[length];
            random.NextBytes(bytes);
            return bytes;
        }

        private static string WrongPath(string path, Random random) => random.Next(5) switch
        {
            0 => "/models/other/read",
            1 => "/models//read",
            2 => path + "/" + Convert.ToHexString(Noise(random, random.Next(1, 20))),
            3 => "/" + Convert.ToHexString(Noise(random, random.Next(0, 2000))),
            _ => path.Replace("victim", "kept", StringComparison.Ordinal),
        };

        // HTTP itself does not allow zeros in paths.
        private static string ForbiddenPath(Random random) => "/models/%2e%2e%2f%00" + Uri.EscapeDataString(Encoding.Latin1.GetString(Noise(random, 10))) + "/write";

        // The JSON of a model with a byte, a number or a name changed, or buckets that cannot be.
        private static string BadCreation(ShardedModel model, Random random)
        {
            string json = Encoding.UTF8.GetString(ShardedModelFormat.Write(model)).Replace($"\"{model.Name}\"", "\"created\"", StringComparison.Ordinal);
            string buckets = random.Next(8) switch
            {
                0 => "[-1]",
                1 => "[16]",
                2 => "[0,0]",
                3 => "null",
                4 => "[1e9]",
                5 => "{}",
                _ => "[0,1,2,3]",
            };
            switch (random.Next(4))
            {
                case 0:
                    int at = random.Next(json.Length);
                    json = json[..at] + (char)random.Next(32, 127) + json[(at + 1)..];
                    break;
                case 1:
                    var numbers = Regex.Matches(json, "-?[0-9.]+");
                    var number = numbers[random.Next(numbers.Count)];
                    json = json[..number.Index] + s_numbers[random.Next(s_numbers.Length)] + json[(number.Index + number.Length)..];
                    break;
                case 2:
                    json = json[..random.Next(json.Length)];
                    break;
                default:
                    json = json.Replace("created", "fresh", StringComparison.Ordinal);
                    break;
            }

            return $"{{\"model\":{json},\"buckets\":{buckets},\"generation\":1}}";
        }
    }

    /// <summary>A body that is longer or shorter than it says, or says nothing.</summary>
    private sealed class LyingContent(byte[] bytes, long? length) : HttpContent
    {
        protected override Task SerializeToStreamAsync(Stream stream, TransportContext? context) => stream.WriteAsync(bytes).AsTask();

        protected override bool TryComputeLength(out long computed)
        {
            computed = length ?? 0;
            return length is not null;
        }
    }
}
