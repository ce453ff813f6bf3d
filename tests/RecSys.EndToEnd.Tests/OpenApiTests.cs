using System.Globalization;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using RecSys.Serving.Client;

namespace RecSys.EndToEnd.Tests;

/// <summary>The OpenAPI document of the service: its examples are of their schemas, and the service answers them as it says.</summary>
public sealed class OpenApiTests : IClassFixture<TrainedWorkspace>
{
    private const string Json = "application/json";

    // JSON and behind it the bytes of tensors.
    private const string JsonAndBytes = "application/octet-stream";
    private const string HeaderLength = "Inference-Header-Content-Length";

    private readonly TrainedWorkspace _trained;
    private readonly JsonElement _document;
    private readonly JsonSchema _schema;

    public OpenApiTests(TrainedWorkspace trained)
    {
        _trained = trained;
        _document = JsonDocument.Parse(File.ReadAllText(Path.Combine(LauncherSandbox.RepositoryRoot(), "src", "RecSys.Serving", "Page", "openapi.json"))).RootElement;
        _schema = new JsonSchema(_document);
    }

    [Fact]
    public async Task Requests_OfTheExamples_AreAnsweredAsTheDocumentSays()
    {
        using var server = new ServeProcess(_trained.Run);
        using var http = new HttpClient { BaseAddress = server.Url };
        List<string> problems = [];
        int sent = 0;
        foreach ((string method, string path, var operation) in Operations())
        {
            foreach ((string? type, string example, byte[] body) in Requests(operation))
            {
                // One of the examples unloads it.
                (await http.PostAsync(new Uri("/v2/repository/models/run/load", UriKind.Relative), null)).EnsureSuccessStatusCode();
                using var request = new HttpRequestMessage(HttpMethod.Parse(method), path);
                request.Content = type is null ? null : new ByteArrayContent(body) { Headers = { ContentType = new MediaTypeHeaderValue(type) } };
                if (type == JsonAndBytes)
                    request.Headers.Add(HeaderLength, RequestHeaderLength().ToString(CultureInfo.InvariantCulture));
                using var response = await http.SendAsync(request);
                problems.AddRange(await ProblemsAsync(operation, response, $"{method} {path} {type} {example}"));
                sent++;
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));
        Assert.True(sent > 30);
    }

    [Fact]
    public void Examples_AreOfTheirSchemas()
    {
        List<string> problems = [];
        foreach ((string method, string path, var operation) in Operations())
        {
            if (operation.TryGetProperty("requestBody", out var request))
                Check(_schema.Resolve(request), RequestHeaderLength(), $"{method} {path}");
            foreach (var response in operation.GetProperty("responses").EnumerateObject())
            {
                var reply = _schema.Resolve(response.Value);
                int? length = reply.TryGetProperty("headers", out var headers) && headers.TryGetProperty(HeaderLength, out var header) ? header.GetProperty("example").GetInt32() : null;
                Check(reply, length, $"{method} {path} {response.Name}");
            }
        }

        Assert.True(problems.Count == 0, string.Join('\n', problems));

        void Check(JsonElement body, int? headerLength, string place)
        {
            foreach (var media in Media(body))
            {
                var examples = Examples(media).ToList();
                if (examples.Count == 0)
                    problems.Add($"{place} {media.Name}: has no example");
                problems.AddRange(examples.SelectMany(e => Problems(body, media.Name, e.Bytes, headerLength, $"{place} {media.Name} {e.Name}")));
            }
        }
    }

    // Parameters of the path have the values of their examples.
    private IEnumerable<(string Method, string Path, JsonElement Operation)> Operations()
    {
        foreach (var path in _document.GetProperty("paths").EnumerateObject())
        {
            var parameters = path.Value.TryGetProperty("parameters", out var list) ? list.EnumerateArray().Select(_schema.Resolve).ToList() : [];
            string filled = parameters.Aggregate(path.Name, (text, p) => text.Replace($"{{{p.GetProperty("name").GetString()}}}", p.GetProperty("example").GetString(), StringComparison.Ordinal));
            foreach (var operation in path.Value.EnumerateObject().Where(o => o.Name != "parameters"))
                yield return (operation.Name.ToUpperInvariant(), filled, operation.Value);
        }
    }

    // A body that may be left out is left out too.
    private IEnumerable<(string? Type, string Example, byte[] Body)> Requests(JsonElement operation)
    {
        if (!operation.TryGetProperty("requestBody", out var reference))
            return [(null, "nothing", [])];
        var body = _schema.Resolve(reference);
        var examples = Media(body).SelectMany(m => Examples(m).Select(e => ((string?)m.Name, e.Name, e.Bytes)));
        return body.GetProperty("required").GetBoolean() ? examples : examples.Append((null, "nothing", []));
    }

    private int RequestHeaderLength() => _document.GetProperty("components").GetProperty("parameters").GetProperty("HeaderLength").GetProperty("example").GetInt32();

    private static IEnumerable<JsonProperty> Media(JsonElement body) => body.TryGetProperty("content", out var content) ? content.EnumerateObject() : [];

    // Examples that are not JSON are texts of which each character is a byte.
    private static IEnumerable<(string Name, byte[] Bytes)> Examples(JsonProperty media)
    {
        foreach (var example in media.Value.GetProperty("examples").EnumerateObject())
        {
            var value = example.Value.GetProperty("value");
            yield return (example.Name, media.Name == Json ? Encoding.UTF8.GetBytes(value.GetRawText()) : Encoding.Latin1.GetBytes(value.GetString()!));
        }
    }

    private async Task<IEnumerable<string>> ProblemsAsync(JsonElement operation, HttpResponseMessage response, string place)
    {
        byte[] bytes = await response.Content.ReadAsByteArrayAsync();
        if ((int)response.StatusCode != 200)
            return [$"{place}: {(int)response.StatusCode} {Encoding.UTF8.GetString(bytes)}"];
        var reply = _schema.Resolve(operation.GetProperty("responses").GetProperty("200"));
        string? type = response.Content.Headers.ContentType?.MediaType;
        if (type is null)
            return bytes.Length > 0 || Media(reply).Any() ? [$"{place}: {bytes.Length} bytes without a type"] : [];
        int? length = response.Headers.TryGetValues(HeaderLength, out var header) ? int.Parse(header.Single(), CultureInfo.InvariantCulture) : null;
        return Media(reply).Any(m => m.Name == type) ? Problems(reply, type, bytes, length, place) : [$"{place}: answers {type}"];
    }

    private IEnumerable<string> Problems(JsonElement body, string type, byte[] bytes, int? headerLength, string place)
    {
        switch (type)
        {
            case Json:
                return _schema.Problems(Schema(), JsonDocument.Parse(bytes).RootElement, place);
            case JsonAndBytes:
                var json = JsonDocument.Parse(bytes.AsMemory(0, headerLength!.Value)).RootElement;
                var tensors = json.TryGetProperty("outputs", out var outputs) && json.TryGetProperty("model_name", out _) ? outputs : json.GetProperty("inputs");
                int expected = tensors.EnumerateArray().Sum(t => t.GetProperty("parameters").GetProperty("binary_data_size").GetInt32());
                return [.. _schema.Problems(Schema(), json, place), .. expected == bytes.Length - headerLength ? Array.Empty<string>() : [$"{place}: {bytes.Length - headerLength} bytes instead of {expected}"]];
            case BinaryLookup.ContentType when bytes.AsSpan().StartsWith("RSLQ"u8):
                Assert.Equal(["item"], BinaryLookup.ReadRequest(bytes).Features.Keys);
                return [];
            case BinaryLookup.ContentType:
                Assert.Equal(2, BinaryLookup.ReadReply(bytes, ["item"]).Features["item"].Vectors.Count);
                return [];
            default:
                return bytes.Length > 0 ? [] : [$"{place}: is empty"];
        }

        JsonElement Schema() => body.GetProperty("content").GetProperty(Json).GetProperty("schema");
    }
}
