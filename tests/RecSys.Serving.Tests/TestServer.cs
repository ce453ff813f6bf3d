using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using RecSys.Serving.Client;
using RecSys.Serving.Http;

namespace RecSys.Serving.Tests;

/// <summary>A server at a free port, and clients of it.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private readonly ServingServer _server;

    private TestServer(ServingServer server)
    {
        _server = server;
        Http = new HttpClient { BaseAddress = server.Url };
        Client = new RecSysClient(new RecSysClientOptions { Address = server.Url });
    }

    public Uri Url => _server.Url;

    public Uri? Http2Url => _server.Http2Url;

    public IReadOnlyList<Endpoint> Endpoints => _server.Endpoints;

    public HttpClient Http { get; }

    public RecSysClient Client { get; }

    public static ServingOptions Options(string run) => new()
    {
        Url = "http://127.0.0.1:0",
        Models = new Dictionary<string, string> { ["tiny"] = run },
        FollowInterval = TimeSpan.FromMilliseconds(20),
    };

    public static Task<TestServer> StartAsync(string run) => StartAsync(Options(run));

    public static async Task<TestServer> StartAsync(ServingOptions options) => new(await ServingServer.StartAsync(options));

    /// <summary>Sends JSON.</summary>
    public async Task<(int Status, JsonElement Body)> PostAsync(string path, string json)
    {
        using var content = new StringContent(json, Encoding.UTF8, "application/json");
        using var response = await Http.PostAsync(new Uri(path, UriKind.Relative), content);
        string text = await response.Content.ReadAsStringAsync();
        return ((int)response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement);
    }

    /// <summary>Sends JSON that has to be refused in words.</summary>
    public async Task AssertRefusedAsync(string path, string json, int status, string message)
    {
        var reply = await PostAsync(path, json);

        Assert.Equal(status, reply.Status);
        Assert.Contains(message, reply.Body.GetProperty("error").GetString(), StringComparison.Ordinal);
    }

    public async Task<JsonElement> GetAsync(string path) => await Http.GetFromJsonAsync<JsonElement>(new Uri(path, UriKind.Relative));

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        Http.Dispose();
        await _server.DisposeAsync();
    }
}
