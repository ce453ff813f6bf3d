using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.RateLimiting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace RecSys.Cluster.Http;

/// <summary>A shard node behind HTTP.</summary>
/// <remarks>
/// What does not fit into the requests that run and wait is refused with 429 and <c>Retry-After</c>, and its body is not kept, so memory
/// stays bounded. A stopping server refuses new requests and finishes those it has.
/// </remarks>
public sealed class ShardServer : IAsyncDisposable
{
    private readonly WebApplication _app;

    private ShardServer(WebApplication app) => _app = app;

    /// <summary>Where it listens, with the port that was taken.</summary>
    public Uri Url => new(_app.Urls.Single());

    /// <summary>Starts a server.</summary>
    /// <param name="node">The node; it belongs to the caller and has to outlive the server.</param>
    /// <param name="options">Settings.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="ArgumentException">A setting is not valid.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<ShardServer> StartAsync(ShardNode node, ShardServerOptions options, CancellationToken cancellation = default)
    {
        var builder = HttpServer.CreateBuilder(options, options.Protocol == ShardProtocol.Http1 ? HttpProtocols.Http1 : HttpProtocols.Http2);
        builder.Services.AddRateLimiter(limiter => Limit(limiter, options));
        var app = builder.Build();
        HttpServer.UseGuards(app, options, path => path.StartsWithSegments(ShardEndpoints.Health, StringComparison.Ordinal), ShardEndpoints.ValidPaths);
        app.UseRateLimiter();
        ShardEndpoints.Map(app, node);
        try
        {
            await app.StartAsync(cancellation).ConfigureAwait(false);
            return new ShardServer(app);
        }
        catch
        {
            await app.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until the server is told to stop, by a signal or <see cref="StopAsync"/>.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task WaitAsync(CancellationToken cancellation = default) => _app.WaitForShutdownAsync(cancellation);

    /// <summary>Finishes the requests it has and stops.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private static void Limit(RateLimiterOptions limiter, ShardServerOptions options)
    {
        limiter.AddConcurrencyLimiter(ShardEndpoints.RowsPolicy, rows =>
        {
            rows.PermitLimit = options.MaxConcurrentRequests;
            rows.QueueLimit = options.MaxQueuedRequests;
            rows.QueueProcessingOrder = QueueProcessingOrder.OldestFirst;
        });
        limiter.OnRejected = async (context, cancellation) =>
        {
            context.HttpContext.Response.Headers.RetryAfter = "1";
            await HttpErrors.WriteAsync(context.HttpContext, ShardErrorKind.Overloaded, "Too many requests are waiting; try again later.").ConfigureAwait(false);
        };
    }
}
