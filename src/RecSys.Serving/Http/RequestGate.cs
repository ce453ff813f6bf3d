using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace RecSys.Serving.Http;

/// <summary>
/// Lets requests in: their bytes are read first, within a time, and only then do they take one of the few places for work. A slow client holds
/// bytes but no place.
/// </summary>
/// <param name="options">Settings.</param>
internal sealed class RequestGate(ServingOptions options) : IDisposable
{
    private const int SmallestBody = 4096;

    private readonly ConcurrencyLimiter _places = new(new ConcurrencyLimiterOptions
    {
        PermitLimit = options.MaxConcurrentRequests,
        QueueLimit = options.MaxQueuedRequests,
        QueueProcessingOrder = QueueProcessingOrder.OldestFirst,
    });

    private long _pendingBytes;

    /// <summary>Bytes of the requests that are not answered yet.</summary>
    public long PendingBytes => Interlocked.Read(ref _pendingBytes);

    /// <summary>Reads a request.</summary>
    /// <param name="context">The request.</param>
    /// <exception cref="BadHttpRequestException">It is too large, too slow, or there are too many.</exception>
    public async Task<RequestBody> ReadAsync(HttpContext context)
    {
        // A body of up to twice the limit is read and forgotten after the refusal; else the connection would be reset, perhaps before the
        // client has read why.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
            limit.MaxRequestBodySize = 2 * options.MaxRequestBytes;
        long length = context.Request.ContentLength ?? 0;
        if (length > options.MaxRequestBytes)
            throw TooLarge(options.MaxRequestBytes);
        long expected = Math.Max(length, SmallestBody);
        if (PendingBytes + expected > options.MaxPendingBytes)
            throw Overloaded();
        var body = new RequestBody(this, (int)expected);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted);
        stop.CancelAfter(options.RequestTimeout);
        try
        {
            await body.ReadAsync(context.Request.Body, options.MaxRequestBytes, stop.Token).ConfigureAwait(false);
            return body;
        }
        catch (OperationCanceledException) when (!context.RequestAborted.IsCancellationRequested)
        {
            body.Dispose();
            throw new BadHttpRequestException($"The request has not arrived within {options.RequestTimeout.TotalSeconds:0.#} seconds.", StatusCodes.Status408RequestTimeout);
        }
        catch
        {
            body.Dispose();
            throw;
        }
    }

    /// <summary>Waits for a place.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    /// <returns>The place, until it is disposed.</returns>
    /// <exception cref="BadHttpRequestException">Too many are waiting.</exception>
    public async Task<IDisposable> EnterAsync(CancellationToken cancellation)
    {
        var place = await _places.AcquireAsync(1, cancellation).ConfigureAwait(false);
        if (place.IsAcquired)
            return place;
        place.Dispose();
        throw Overloaded();
    }

    /// <summary>Counts bytes of requests.</summary>
    /// <param name="byteCount">More, or fewer when negative.</param>
    public void Add(long byteCount) => Interlocked.Add(ref _pendingBytes, byteCount);

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    /// <summary>The refusal of a request that is too large.</summary>
    /// <param name="maxBytes">Most bytes.</param>
    public static BadHttpRequestException TooLarge(long maxBytes) => new($"The request has too many bytes; at most {maxBytes} are taken.", StatusCodes.Status413PayloadTooLarge);

    private static BadHttpRequestException Overloaded() => new("Too many requests are waiting; try again later.", StatusCodes.Status429TooManyRequests);
}
