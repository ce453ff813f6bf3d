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
    private readonly HttpClient _http;
    private readonly RecSysClientOptions _options;

    /// <summary>Creates a client; nothing is sent yet.</summary>
    /// <param name="options">Settings.</param>
    public RecSysClient(RecSysClientOptions options)
    {
        _options = options;
        _http = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = options.MaxConnections, EnableMultipleHttp2Connections = true, AutomaticDecompression = DecompressionMethods.None })
        {
            BaseAddress = options.Address,
            Timeout = Timeout.InfiniteTimeSpan,
            DefaultRequestVersion = options.Http2 ? HttpVersion.Version20 : HttpVersion.Version11,
            DefaultVersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        if (options.ApiKey is not null)
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", options.ApiKey);
    }

    /// <summary>Looks embedding vectors up: ids as bytes, raw values as JSON.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <exception cref="ServingException">The server refuses.</exception>
    /// <exception cref="HttpRequestException">The server cannot be reached.</exception>
    /// <exception cref="TimeoutException">The server takes too long.</exception>
    public async Task<LookupReply> LookupAsync(LookupRequest request, CancellationToken cancellation = default)
    {
        if (request.Features.Values.Any(f => f.Ids is null))
            return await PostAsync<LookupRequest, LookupReply>("/v1/lookup", request, cancellation).ConfigureAwait(false);
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
            (content, stop) => ReadReplyAsync(content, names, stop),
            cancellation).ConfigureAwait(false);
    }

    /// <summary>Scores samples.</summary>
    /// <inheritdoc cref="LookupAsync"/>
    public Task<ScoreReply> ScoreAsync(ScoreRequest request, CancellationToken cancellation = default) => PostAsync<ScoreRequest, ScoreReply>("/v1/score", request, cancellation);

    /// <summary>Finds ids with similar vectors.</summary>
    /// <inheritdoc cref="LookupAsync"/>
    public Task<NeighborsReply> NeighborsAsync(NeighborsRequest request, CancellationToken cancellation = default)
        => PostAsync<NeighborsRequest, NeighborsReply>("/v1/neighbors", request, cancellation);

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
    public void Dispose() => _http.Dispose();

    private Task<TReply> PostAsync<TRequest, TReply>(string path, TRequest request, CancellationToken cancellation)
        => SendAsync(
            () => new HttpRequestMessage(HttpMethod.Post, path) { Content = JsonContent.Create(request, options: ServingJson.Options) },
            async (content, stop) => await content.ReadFromJsonAsync<TReply>(ServingJson.Options, stop).ConfigureAwait(false) ?? throw new FormatException("the reply is null"),
            cancellation);

    // The reply is parsed where it was received; only its numbers are copied, into arrays of their own.
    private static async Task<LookupReply> ReadReplyAsync(HttpContent content, string[] names, CancellationToken cancellation)
    {
        if (content.Headers.ContentLength is not { } length || length > Array.MaxLength)
            throw new FormatException("the reply does not say how long it is");
        byte[] bytes = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            var stream = await content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
            await stream.ReadExactlyAsync(bytes.AsMemory(0, (int)length), cancellation).ConfigureAwait(false);
            return BinaryLookup.ReadReply(bytes.AsSpan(0, (int)length), names);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(bytes);
        }
    }

    private async Task<T> SendAsync<T>(Func<HttpRequestMessage> create, Func<HttpContent, CancellationToken, Task<T>> read, CancellationToken cancellation)
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
                using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop.Token).ConfigureAwait(false);
                if (response.IsSuccessStatusCode)
                    return await read(response.Content, stop.Token).ConfigureAwait(false);
                if (retry == _options.Retries || response.StatusCode is not (HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable))
                    throw new ServingException(response.StatusCode, await ErrorAsync(response, stop.Token).ConfigureAwait(false));
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

            await Task.Delay(delay, cancellation).ConfigureAwait(false);
        }
    }

    private static async Task<string> ErrorAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            var body = await response.Content.ReadFromJsonAsync<JsonElement>(cancellation).ConfigureAwait(false);
            return body.GetProperty("error").GetString() ?? response.ReasonPhrase ?? "";
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or KeyNotFoundException or NotSupportedException)
        {
            return $"{(int)response.StatusCode} {response.ReasonPhrase}";
        }
    }
}
