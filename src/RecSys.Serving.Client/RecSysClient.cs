using System.Buffers;
using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace RecSys.Serving.Client;

/// <summary>Asks a server of <c>recsys serve</c> for embedding vectors and scores.</summary>
/// <remarks>Thread-safe; one object keeps the connections for a whole process. All requests only read, so those that failed are sent again.</remarks>
public sealed class RecSysClient : IDisposable
{
    private const int FirstBytes = 4096;

    // Connections that nobody waits for are watched without blocking, at the earliest after a quarter of this time, and are slower ever after.
    private static readonly TimeSpan s_blockingIdleTimeout = TimeSpan.FromHours(4);

    private readonly HttpClient _http;

    // A socket that was once used without blocking wakes two threads at every answer, so blocking calls have connections of their own.
    private readonly HttpClient _blocking;
    private readonly RecSysClientOptions _options;

    /// <summary>Creates a client; nothing is sent yet.</summary>
    /// <param name="options">Settings.</param>
    public RecSysClient(RecSysClientOptions options)
    {
        _options = options;
        _http = Create(options, new SocketsHttpHandler());
        _blocking = Create(options, new SocketsHttpHandler { PooledConnectionIdleTimeout = s_blockingIdleTimeout });
    }

    /// <summary>Looks embedding vectors up: ids as bytes, raw values as JSON.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ServingException">The server refuses.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    /// <exception cref="TimeoutException">The server takes too long.</exception>
    public Task<LookupReply> LookupAsync(LookupRequest request, CancellationToken cancellation = default) => LookupAsync(request, isBlocking: false, cancellation);

    /// <summary>Looks embedding vectors up as <see cref="LookupAsync(LookupRequest, CancellationToken)"/> does, in the calling thread.</summary>
    /// <remarks>With HTTP/1.1 the thread waits for the socket itself, which spares the hand-over between threads: the quickest way to single vectors.</remarks>
    /// <inheritdoc cref="LookupAsync(LookupRequest, CancellationToken)"/>
    public LookupReply Lookup(LookupRequest request, CancellationToken cancellation = default) => LookupAsync(request, !_options.Http2, cancellation).GetAwaiter().GetResult();

    /// <summary>Scores samples.</summary>
    /// <inheritdoc cref="LookupAsync(LookupRequest, CancellationToken)"/>
    public Task<ScoreReply> ScoreAsync(ScoreRequest request, CancellationToken cancellation = default) => PostAsync<ScoreRequest, ScoreReply>("/v1/score", request, isBlocking: false, cancellation);

    /// <summary>Finds ids with similar vectors.</summary>
    /// <inheritdoc cref="LookupAsync(LookupRequest, CancellationToken)"/>
    public Task<NeighborsReply> NeighborsAsync(NeighborsRequest request, CancellationToken cancellation = default)
        => PostAsync<NeighborsRequest, NeighborsReply>("/v1/neighbors", request, isBlocking: false, cancellation);

    /// <summary>Whether the server has a model and answers.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public async Task<bool> IsReadyAsync(CancellationToken cancellation = default)
    {
        try
        {
            using var response = await _http.GetAsync(new Uri("/v2/health/ready", UriKind.Relative), cancellation).ConfigureAwait(false);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _http.Dispose();
        _blocking.Dispose();
    }

    private static HttpClient Create(RecSysClientOptions options, SocketsHttpHandler handler)
    {
        handler.MaxConnectionsPerServer = options.MaxConnections;
        handler.EnableMultipleHttp2Connections = true;
        handler.AutomaticDecompression = DecompressionMethods.None;
        var http = new HttpClient(handler)
        {
            BaseAddress = options.Address,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = options.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (options.ApiKey is not null)
            http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
        return http;
    }

    private async Task<LookupReply> LookupAsync(LookupRequest request, bool isBlocking, CancellationToken cancellation)
    {
        if (request.Features.Values.Any(f => f.Ids is null))
            return await PostAsync<LookupRequest, LookupReply>("/v1/lookup", request, isBlocking, cancellation).ConfigureAwait(false);
        var body = new ArrayBufferWriter<byte>(BinaryLookup.Capacity(request));
        BinaryLookup.Write(body, request);
        string[] names = [.. request.Features.Keys];
        return await SendAsync(
            () =>
            {
                var content = new ReadOnlyMemoryContent(body.WrittenMemory);
                content.Headers.ContentType = new MediaTypeHeaderValue(BinaryLookup.ContentType);
                return new HttpRequestMessage(HttpMethod.Post, "/v1/lookup") { Content = content };
            },
            bytes => BinaryLookup.ReadReply(bytes, names),
            isBlocking,
            cancellation).ConfigureAwait(false);
    }

    private Task<TReply> PostAsync<TRequest, TReply>(string path, TRequest request, bool isBlocking, CancellationToken cancellation)
        => SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(request, options: ServingJson.Options) },
            json => JsonSerializer.Deserialize<TReply>(json, ServingJson.Options) ?? throw new FormatException("the reply is null"),
            isBlocking,
            cancellation);

    // A blocking call completes before it returns.
    private async Task<T> SendAsync<T>(Func<HttpRequestMessage> create, Func<ReadOnlySpan<byte>, T> parse, bool isBlocking, CancellationToken cancellation)
    {
        for (int retry = 0; ; retry++)
        {
            TimeSpan delay = _options.RetryDelay * Math.Pow(2, retry);
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            stop.CancelAfter(_options.Timeout);
            try
            {
                using var request = create();
                request.Version = _http.DefaultRequestVersion;
                request.VersionPolicy = _http.DefaultVersionPolicy;
                using var response = isBlocking
                    ? _blocking.Send(request, HttpCompletionOption.ResponseHeadersRead, stop.Token)
                    : await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                    return await ReadAsync(response.Content, parse, isBlocking, stop.Token).ConfigureAwait(false);
                if (retry == _options.Retries || response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                    throw new ServingException(response.StatusCode, await ReadAsync(response.Content, json => ErrorOf(json, response), isBlocking, stop.Token).ConfigureAwait(false));
                delay = response.Headers.RetryAfter?.Delta ?? delay;
            }
            catch (Exception e) when (e is HttpRequestException or IOException && retry < _options.Retries)
            {
                // The server restarts, or its connection was closed before all was read.
            }
            catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
            {
                throw new TimeoutException($"{_options.Address} has not answered within {_options.Timeout}.");
            }

            if (isBlocking)
                cancellation.WaitHandle.WaitOne(delay);
            else
                await Task.Delay(delay, cancellation).ConfigureAwait(false);
            cancellation.ThrowIfCancellationRequested();
        }
    }

    // The reply is parsed where it was received; only its numbers are copied, into arrays of their own.
    private static async ValueTask<T> ReadAsync<T>(HttpContent content, Func<ReadOnlySpan<byte>, T> parse, bool isBlocking, CancellationToken stop)
    {
        long expected = content.Headers.ContentLength ?? FirstBytes;
        if (expected >= Array.MaxLength)
            throw new FormatException($"the reply has {expected} bytes, more than an array can hold");

        // One byte more, so that the end is found without growing.
        byte[] bytes = ArrayPool<byte>.Shared.Rent((int)expected + 1);
        try
        {
            var stream = await content.ReadAsStreamAsync(stop).ConfigureAwait(false);
            for (int length = 0; ;)
            {
                int count = isBlocking ? stream.Read(bytes.AsSpan(length)) : await stream.ReadAsync(bytes.AsMemory(length), stop).ConfigureAwait(false);
                if (count == 0)
                    return parse(bytes.AsSpan(0, length));
                length += count;
                if (length == bytes.Length)
                    Grow(ref bytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private static void Grow(ref byte[] bytes)
    {
        byte[] larger = ArrayPool<byte>.Shared.Rent(2 * bytes.Length);
        bytes.CopyTo(larger, 0);
        ArrayPool<byte>.Shared.Return(bytes);
        bytes = larger;
    }

    private static string ErrorOf(ReadOnlySpan<byte> json, HttpResponseMessage response)
    {
        try
        {
            return JsonSerializer.Deserialize<JsonElement>(json).GetProperty("error").GetString() ?? response.ReasonPhrase ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return $"{(int)response.StatusCode} {response.ReasonPhrase}";
        }
    }
}
