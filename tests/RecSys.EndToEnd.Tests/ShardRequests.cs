using System.Net;
using System.Net.Http.Headers;
using RecSys.Cluster;
using RecSys.Cluster.Client;
using RecSys.Cluster.Http;
using RecSys.Cluster.Requests;
using RecSys.Embeddings.Tables;

namespace RecSys.EndToEnd.Tests;

/// <summary>The bytes of requests for a model that is whole on one server, and their way there without a client that tries again.</summary>
internal sealed class ShardRequests : IDisposable
{
    private readonly ShardProcess _server;
    private readonly string? _key;
    private readonly Version _version;
    private readonly RouteTable _routes;
    private readonly HttpClient _http;

    // A connection with many broken streams is told to calm down, and that is not to hit the others.
    private readonly HttpClient _broken;

    public ShardRequests(ShardProcess server, ShardedModel model, ShardProtocol protocol = ShardProtocol.Http2, string? key = null)
    {
        _server = server;
        _key = key;
        _version = protocol == ShardProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20;
        Model = model;
        _routes = new RouteTable(model, generation: 1, new int[model.BucketCount], 1);
        _http = Connect(server.Url);
        _broken = Connect(server.Url);
    }

    public ShardedModel Model { get; }

    /// <summary>Creates the model.</summary>
    public async Task OpenAsync()
    {
        using var node = new HttpShardNode(_server.Name, _server.Url, new HttpShardNodeOptions { ApiKey = _key, Protocol = _version.Major == 1 ? ShardProtocol.Http1 : ShardProtocol.Http2 });
        await node.CreateAsync(Model, [.. Enumerable.Range(0, Model.BucketCount)], generation: 1, CancellationToken.None);
    }

    /// <summary>A request that reads the rows of batches, or one that updates them with their gradients.</summary>
    /// <param name="batches">The rows.</param>
    /// <param name="worker">Number of the worker; 0 reads.</param>
    /// <param name="sequence">Number of the update.</param>
    public RequestPlan Build(RowBatch[] batches, ulong worker = 0, ulong sequence = 0)
    {
        var plan = new RequestPlan(_routes, 1);
        plan.Build(batches, new ShardRequestHeader { Kind = (ushort)(worker == 0 ? ShardRequestKind.Gather : ShardRequestKind.Apply), Worker = worker, Sequence = sequence, Step = 1, LearningRate = 1 });
        return plan;
    }

    /// <summary>Sends a request.</summary>
    public Task<HttpResponseMessage> PostAsync(string verb, ReadOnlyMemory<byte> body, CancellationToken cancellation = default)
        => SendAsync(HttpMethod.Post, $"/models/{Model.Name}/{verb}", new ReadOnlyMemoryContent(body), _key, cancellation);

    /// <summary>Sends a request of any kind.</summary>
    /// <param name="method">The method.</param>
    /// <param name="path">The path.</param>
    /// <param name="content">The body.</param>
    /// <param name="key">The key; null sends none.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <param name="isBroken">Whether it breaks the rules of HTTP: it goes over other connections than those that do not.</param>
    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, string? key, CancellationToken cancellation, bool isBroken = false)
    {
        using var message = new HttpRequestMessage(method, path) { Content = content, Version = _version, VersionPolicy = HttpVersionPolicy.RequestVersionExact };
        if (isBroken && _version.Major == 1)
            message.Headers.ConnectionClose = true;
        if (key is not null)
            message.Headers.Authorization = new AuthenticationHeaderValue("Bearer", key);
        return await (isBroken ? _broken : _http).SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    /// <summary>Reads the rows of batches into them.</summary>
    public async Task GatherAsync(params RowBatch[] batches)
    {
        foreach (var batch in batches)
            _ = batch.Values;
        var plan = Build(batches);
        using var response = await PostAsync("read", plan.Nodes[0].Request);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        (await response.Content.ReadAsByteArrayAsync()).CopyTo(plan.Nodes[0].Reply);
        plan.Scatter();
    }

    public void Dispose()
    {
        _http.Dispose();
        _broken.Dispose();
    }

    private static HttpClient Connect(Uri server)
        => new(new SocketsHttpHandler { EnableMultipleHttp2Connections = true, ConnectTimeout = TimeSpan.FromSeconds(20) }) { BaseAddress = server, Timeout = TimeSpan.FromMinutes(1) };
}
