using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using RecSys.Cluster.Snapshots;

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
    public async Task<IReadOnlyList<string>> ListAsync(CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Get, "/models", null, cancellation).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<string[]>(cancellation).ConfigureAwait(false) ?? [];
    }

    /// <inheritdoc/>
    public async Task<ShardState?> FindAsync(string model, CancellationToken cancellation)
    {
        try
        {
            using var response = await SendAsync(HttpMethod.Get, $"/models/{model}", null, cancellation).ConfigureAwait(false);
            return await StateAsync(response, cancellation).ConfigureAwait(false);
        }
        catch (ShardException e) when (e.Kind == ShardErrorKind.NotFound)
        {
            return null;
        }
    }

    /// <inheritdoc/>
    public async Task<ShardState> CreateAsync(ShardedModel model, IReadOnlyList<int> buckets, ulong generation, CancellationToken cancellation)
    {
        using var document = JsonDocument.Parse(ShardedModelFormat.Write(model));
        using var content = JsonContent.Create(new ShardEndpoints.CreateBody(document.RootElement, buckets, generation));
        using var response = await SendAsync(HttpMethod.Put, $"/models/{model.Name}", content, cancellation).ConfigureAwait(false);
        return await StateAsync(response, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task<ShardedModel> DescribeAsync(string model, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Get, $"/models/{model}/definition", null, cancellation).ConfigureAwait(false);
        return ShardedModelFormat.Read(await response.Content.ReadAsByteArrayAsync(cancellation).ConfigureAwait(false));
    }

    /// <inheritdoc/>
    public Task DetachAsync(string model, int bucket, string path, CancellationToken cancellation)
        => ReceiveFileAsync(FormattableString.Invariant($"/models/{model}/buckets/{bucket}/detach"), path, cancellation);

    /// <inheritdoc/>
    public Task AttachAsync(string model, int bucket, string path, CancellationToken cancellation)
        => SendFileAsync(FormattableString.Invariant($"/models/{model}/buckets/{bucket}"), path, cancellation);

    /// <inheritdoc/>
    public Task CopyAsync(string model, int bucket, ulong chain, string path, CancellationToken cancellation)
        => ReceiveFileAsync(FormattableString.Invariant($"/models/{model}/buckets/{bucket}/copy{(chain == 0 ? "" : $"?chain={chain:x}")}"), path, cancellation);

    /// <inheritdoc/>
    public Task FollowAsync(string model, int bucket, string path, CancellationToken cancellation)
        => SendFileAsync(FormattableString.Invariant($"/models/{model}/copies/{bucket}"), path, cancellation);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<BucketChanges>> ChangesAsync(string model, IReadOnlyList<BucketLink> since, CancellationToken cancellation)
    {
        using var content = JsonContent.Create(since);
        using var response = await SendAsync(HttpMethod.Post, $"/models/{model}/changes", content, cancellation).ConfigureAwait(false);
        return await response.Content.ReadFromJsonAsync<BucketChanges[]>(cancellation).ConfigureAwait(false) ?? throw new IOException($"Node '{Name}' answered nothing.");
    }

    /// <inheritdoc/>
    public async Task ForgetAsync(string model, int bucket, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Delete, FormattableString.Invariant($"/models/{model}/buckets/{bucket}"), null, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task DeleteAsync(string model, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Delete, $"/models/{model}", null, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public async Task ReadAsync(string model, ReadOnlyMemory<byte> request, Memory<byte> reply, CancellationToken cancellation)
    {
        using var content = Content(request);
        using var response = await SendAsync(HttpMethod.Post, $"/models/{model}/read", content, cancellation).ConfigureAwait(false);
        if (response.Content.Headers.ContentLength != reply.Length)
            throw new IOException($"Node '{Name}' answered {response.Content.Headers.ContentLength} bytes, but {reply.Length} were expected.");
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(_client.Timeout);
        try
        {
            using var stream = await response.Content.ReadAsStreamAsync(limit.Token).ConfigureAwait(false);
            await stream.ReadExactlyAsync(reply, limit.Token).ConfigureAwait(false);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && !cancellation.IsCancellationRequested))
        {
            throw Unreachable(e);
        }
    }

    /// <inheritdoc/>
    public async Task WriteAsync(string model, ReadOnlyMemory<byte> request, CancellationToken cancellation)
    {
        using var content = Content(request);
        using var response = await SendAsync(HttpMethod.Post, $"/models/{model}/write", content, cancellation).ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public void Dispose() => _client.Dispose();

    private async Task<ShardState> StateAsync(HttpResponseMessage response, CancellationToken cancellation)
        => await response.Content.ReadFromJsonAsync<ShardState>(cancellation).ConfigureAwait(false) ?? throw new IOException($"Node '{Name}' answered nothing.");

    // Names are checked as always; a certificate that nobody signed is trusted as its own authority.
    private static X509ChainPolicy Trusting(IReadOnlyList<X509Certificate2> certificates)
    {
        var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
        policy.CustomTrustStore.AddRange(certificates.ToArray());
        return policy;
    }

    private async Task ReceiveFileAsync(string from, string path, CancellationToken cancellation)
    {
        using var response = await SendAsync(HttpMethod.Post, from, null, cancellation).ConfigureAwait(false);
        var file = new FileStream(path, FileMode.Create, FileAccess.Write);
        await using (file.ConfigureAwait(false))
            await response.Content.CopyToAsync(file, cancellation).ConfigureAwait(false);
    }

    private async Task SendFileAsync(string to, string path, CancellationToken cancellation)
    {
        using var content = new StreamContent(File.OpenRead(path)) { Headers = { ContentType = s_bytes } };
        using var response = await SendAsync(HttpMethod.Put, to, content, cancellation).ConfigureAwait(false);
    }

    private static ReadOnlyMemoryContent Content(ReadOnlyMemory<byte> bytes) => new(bytes) { Headers = { ContentType = s_bytes } };

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, CancellationToken cancellation)
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
            throw Unreachable(e);
        }

        if (response.IsSuccessStatusCode)
            return response;
        using (response)
            throw await RefusalAsync(response, cancellation).ConfigureAwait(false);
    }

    private IOException Unreachable(Exception e) => new($"Node '{Name}' at {_client.BaseAddress} cannot be reached: {e.Message}", e);

    private async Task<ShardException> RefusalAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        string text = await response.Content.ReadAsStringAsync(cancellation).ConfigureAwait(false);
        var kind = HttpErrors.KindOf((int)response.StatusCode);
        try
        {
            text = JsonSerializer.Deserialize<HttpErrors.ErrorBody>(text, JsonSerializerOptions.Web)?.Error ?? text;
        }
        catch (JsonException)
        {
            // Not from a shard server: a proxy's page says what it can.
        }

        return new ShardException(kind, $"Node '{Name}' refuses ({(int)response.StatusCode}): {text}");
    }
}
