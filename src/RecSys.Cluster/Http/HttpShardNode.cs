using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;

namespace RecSys.Cluster.Http;

/// <summary>A node behind a <see cref="ShardServer"/>.</summary>
public sealed class HttpShardNode : IShardNode
{
    private const int StreamWindowBytes = 16 << 20;
    private static readonly MediaTypeHeaderValue s_bytes = new("application/octet-stream");
    private readonly HttpClient _client;
    private readonly Version _version;

    /// <summary>Creates the client; it connects with the first request.</summary>
    /// <param name="name">Name of the node.</param>
    /// <param name="url">Where the server listens.</param>
    /// <param name="options">Settings.</param>
    public HttpShardNode(string name, Uri url, HttpShardNodeOptions? options = null)
    {
        options ??= new HttpShardNodeOptions();
        Name = name;
        _version = options.Protocol == ShardProtocol.Http1 ? HttpVersion.Version11 : HttpVersion.Version20;
        var handler = new SocketsHttpHandler
        {
            InitialHttp2StreamWindowSize = StreamWindowBytes,
            EnableMultipleHttp2Connections = true,
            PooledConnectionLifetime = TimeSpan.FromMinutes(15),
            ConnectTimeout = TimeSpan.FromSeconds(5),
            AllowAutoRedirect = false,
            UseCookies = false,
            UseProxy = false,
        };
        if (options.TrustedCertificates.Count > 0)
            handler.SslOptions.CertificateChainPolicy = Trusting(options.TrustedCertificates);
        _client = new HttpClient(handler) { BaseAddress = url, Timeout = options.Timeout };
        if (options.ApiKey is not null)
            _client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public async Task<ShardState> OpenAsync(ShardedModel model, IReadOnlyList<int> buckets, CancellationToken cancellation)
    {
        using var document = JsonDocument.Parse(ShardedModelFormat.Write(model));
        using var content = JsonContent.Create(new ShardEndpoints.OpenBody(document.RootElement, buckets));
        using var response = await SendAsync(HttpMethod.Post, $"/models/{model.Name}/open", content, cancellation).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<ShardState>(cancellation).ConfigureAwait(false)
            ?? throw new IOException($"Node '{Name}' answered nothing.");
    }

    /// <inheritdoc/>
    public async Task ReadAsync(string model, ReadOnlyMemory<byte> request, Memory<byte> reply, CancellationToken cancellation)
    {
        using var content = Content(request);
        using var response = await SendAsync(HttpMethod.Post, $"/models/{model}/read", content, cancellation).ConfigureAwait(false);
        if (response.Content.Headers.ContentLength != reply.Length)
            throw new IOException($"Node '{Name}' answered {response.Content.Headers.ContentLength} bytes, but {reply.Length} were expected.");
        using var stream = await response.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        await stream.ReadExactlyAsync(reply, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task WriteAsync(string model, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        using var content = Content(request);
        using var response = await SendAsync(HttpMethod.Post, $"/models/{model}/write", content, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    // Names are checked as always; a certificate that nobody signed is trusted as its own authority.
    private static X509ChainPolicy Trusting(IReadOnlyList<X509Certificate2> certificates)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(certificates.ToArray());
        return policy;
    }

    private static ReadOnlyMemoryContent Content(ReadOnlyMemory<byte> bytes) => new(bytes) { Headers = { ContentType = s_bytes } };

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent content, CancellationToken cancellation)
    {
        using var message = new HttpRequestMessage(method, path)
        {
            Content = content,
            Version = _version,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        HttpResponseMessage response;
        try
        {
            response = await _client.SendAsync(message, HttpCompletionOption.ResponseHeadersRead, cancellation).ConfigureAwait(false);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !cancellation.IsCancellationRequested))
        {
            throw new IOException($"Node '{Name}' at {_client.BaseAddress} cannot be reached: {e.Message}", e);
        }

        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await RefusalAsync(response, cancellation).ConfigureAwait(false);
    }

    private async Task<ShardException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        string text = await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        var kind = ShardErrors.KindOf((int)response.StatusCode);
        try
        {
            text = JsonSerializer.Deserialize<ShardErrors.ErrorBody>(text, JsonSerializerOptions.Web)?.Error ?? text;
        }
        catch (JsonException)
        {
            // Not from a shard server: a proxy's page says what it can.
        }

        return new ShardException(kind, $"Node '{Name}' refuses ({(int)response.StatusCode}): {text}");
    }
}
