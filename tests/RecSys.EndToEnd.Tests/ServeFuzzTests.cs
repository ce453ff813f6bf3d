using System.Buffers;
using System.Collections.Concurrent;
using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using RecSys.Serving.Client;
using Xunit.Abstractions;

namespace RecSys.EndToEnd.Tests;

/// <summary>A server that gets requests with anything wrong in them: it answers or refuses each, in words, and stays as it was.</summary>
public sealed class ServeFuzzTests(TrainedWorkspace trained, ITestOutputHelper output) : IClassFixture<TrainedWorkspace>
{
    private const int Senders = 8;
    private const string Infer = "/v2/models/run/infer";
    private const string InferLength = "Inference-Header-Content-Length";
    private static readonly TimeSpan s_deadline = TimeSpan.FromSeconds(30);

    private static readonly string[] s_values =
        ["-1", "0", "1e308", "1e999", "-1e999", "99999999999999999999", "2147483648", "3.5", "null", "true", "\"\"", "\"x\"", "\"../../etc/passwd\"", "\"\\u0000\"", "[]", "{}", "[[[]]]", "NaN"];

    private static readonly (string Path, string Body)[] s_requests =
    [
        ("/v1/lookup", """{"model": "run", "set": "embedding", "features": {"item": [1, 2, 5], "user": ["u3", null, "none"]}}"""),
        ("/v1/lookup", """{"features": {"item": {"ids": [1, 2, 5], "lengths": [2, 0, 1], "pooling": "mean"}}}"""),
        ("/v1/score", """{"features": {"user": "u7", "price": 2.5}, "samples": [{"item": "i3"}, {"item": "i5", "price": null}]}"""),
        ("/v1/neighbors", """{"feature": "item", "id": 3, "count": 5}"""),
        (Infer, """{"id": "a", "inputs": [{"name": "item", "shape": [2, 1], "datatype": "BYTES", "data": [["i3"], ["i5"]]}, {"name": "price", "shape": [2], "datatype": "FP32", "data": [1.5, -2]}], "outputs": [{"name": "scores"}, {"name": "embedding.item"}]}"""),
        (Infer, """{"inputs": [{"name": "item", "shape": [2], "datatype": "INT64", "parameters": {"binary_data_size": 16}}], "parameters": {"binary_data_output": true}}"""),
        ("/v2/repository/models/run/load", """{"parameters": {"version": "1"}}"""),
        ("/v2/repository/index", ""),
        ("/v1/nothing", "{}"),
    ];

    [Fact]
    public Task Requests_Mutated_AreAnsweredOrRefused() => RunAsync(3000, seed: 1);

    [Fact]
    [Trait("Category", "Long")]
    public Task Requests_MutatedManyTimes_AreAnsweredOrRefused() => RunAsync(120_000, seed: 2);

    private async Task RunAsync(int trials, int seed)
    {
        using var server = new ServeProcess(trained.Run);
        using var client = new HttpClient { BaseAddress = server.Url };
        var expected = await LookUpAsync(client);
        var answers = new ConcurrentDictionary<string, int>();
        int next = 0;
        long settled = 0;
        await Task.WhenAll(Enumerable.Range(0, Senders).Select(_ => Task.Run(async () =>
        {
            for (int trial = Interlocked.Increment(ref next); trial <= trials; trial = Interlocked.Increment(ref next))
            {
                answers.AddOrUpdate(await TryAsync(client, new Random((seed * 1_000_000) + trial), $"seed {seed}, trial {trial}"), 1, (_, count) => count + 1);
                if (trial == trials / 4)
                    settled = server.ResidentBytes;
            }
        })));

        Assert.False(server.HasExited, server.Log);
        Assert.Equal(expected, await LookUpAsync(client));
        output.WriteLine($"{trials} requests: {string.Join(", ", answers.OrderBy(a => a.Key).Select(a => $"{a.Key} {a.Value}"))}; memory {settled >> 20} MiB after a quarter, {server.ResidentBytes >> 20} MiB in the end");
        Assert.True(server.ResidentBytes < (1.5 * settled) + (64 << 20), $"memory grew from {settled} to {server.ResidentBytes} bytes");
        Assert.True(answers.ContainsKey("200") && answers.ContainsKey("400") && answers.ContainsKey("404"));
    }

    private static async Task<string> LookUpAsync(HttpClient client)
    {
        using var response = await client.PostAsync(new Uri("/v1/lookup", UriKind.Relative), new StringContent("""{"features": {"item": [1, 2, 3]}}"""));
        return await response.Content.ReadAsStringAsync();
    }

    private static async Task<string> TryAsync(HttpClient client, Random random, string trial)
    {
        (string path, byte[] body, string type) = Mutate(random);
        using var deadline = new CancellationTokenSource(s_deadline);
        using var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = new MediaTypeHeaderValue(type);
        if (path == Infer && random.Next(3) == 0)
            request.Headers.Add(InferLength, random.Next(4) switch { 0 => "-1", 1 => "x", 2 => body.Length.ToString(CultureInfo.InvariantCulture), _ => random.Next(body.Length + 2).ToString(CultureInfo.InvariantCulture) });
        using var response = await client.SendAsync(request, deadline.Token);
        int status = (int)response.StatusCode;
        string what = $"{trial}, {path}, {type}, {Convert.ToBase64String(body)}: {status}";
        Assert.True(status is (>= 200 and < 300) or (>= 400 and < 500), what);
        if (status >= 400)
            Assert.False(string.IsNullOrEmpty(JsonDocument.Parse(await response.Content.ReadAsByteArrayAsync(deadline.Token)).RootElement.GetProperty("error").GetString()), what);
        return status.ToString(CultureInfo.InvariantCulture);
    }

    private static (string Path, byte[] Body, string Type) Mutate(Random random)
    {
        if (random.Next(4) == 0)
            return ("/v1/lookup", Bytes(Binary(random), random), BinaryLookup.ContentType);
        (string path, string body) = s_requests[random.Next(s_requests.Length)];
        byte[] tail = body.Contains("binary_data_size", StringComparison.Ordinal) ? [.. BitConverter.GetBytes(random.NextInt64(100)), .. BitConverter.GetBytes(1L)] : [];
        byte[] bytes = random.Next(3) switch
        {
            0 => Encoding.UTF8.GetBytes(Value(body, random)),
            1 => Bytes(Encoding.UTF8.GetBytes(body), random),
            _ => Encoding.UTF8.GetBytes(Value(Value(body, random), random)),
        };
        return (random.Next(20) == 0 ? path.Replace("run", "..%2f..", StringComparison.Ordinal) : path, [.. bytes, .. tail], "application/json");
    }

    // Another value in the place of one, or another name.
    private static string Value(string json, Random random)
    {
        var places = Regex.Matches(json, "\"[^\"]*\"|-?[0-9.]+|null|\\[[^\\[\\]]*\\]");
        if (places.Count == 0)
            return json;
        var place = places[random.Next(places.Count)];
        return json[..place.Index] + s_values[random.Next(s_values.Length)] + json[(place.Index + place.Length)..];
    }

    private static byte[] Bytes(byte[] valid, Random random)
    {
        List<byte> bytes = [.. valid];
        for (int changes = random.Next(1, 5); changes > 0 && bytes.Count > 0; changes--)
        {
            int at = random.Next(bytes.Count);
            switch (random.Next(4))
            {
                case 0:
                    bytes[at] = (byte)random.Next(256);
                    break;
                case 1:
                    bytes.RemoveAt(at);
                    break;
                case 2:
                    bytes.Insert(at, (byte)random.Next(256));
                    break;
                default:
                    bytes.RemoveRange(at, Math.Min(random.Next(8), bytes.Count - at));
                    break;
            }
        }

        return [.. bytes];
    }

    private static byte[] Binary(Random random)
    {
        var writer = new ArrayBufferWriter<byte>();
        BinaryLookup.Write(writer, new LookupRequest
        {
            Model = random.Next(2) == 0 ? "run" : null,
            Features = new Dictionary<string, FeatureIds> { ["item"] = FeatureIds.OfIds(1, 2, random.NextInt64(100)), ["user"] = new() { Ids = [1, 2], Lengths = [1, 1], Pooling = VectorPooling.Sum } },
        });
        return writer.WrittenSpan.ToArray();
    }
}
