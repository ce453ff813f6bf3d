using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using RecSys.Cluster.Http;
using RecSys.Serving.Models;
using RecSys.Serving.Monitoring;
using RecSys.Serving.Requests;
using BadHttpRequestException = Microsoft.AspNetCore.Http.BadHttpRequestException;

namespace RecSys.Serving.Http;

/// <summary>Answers look-ups and scores over HTTP.</summary>
public sealed class ServingServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ModelRepository _models;
    private readonly RequestGate _gate;
    private readonly ServingMetrics _metrics;
    private readonly PrometheusText _text;

    private ServingServer(WebApplication app, ModelRepository models, RequestGate gate, ServingMetrics metrics, PrometheusText text)
    {
        _app = app;
        _models = models;
        _gate = gate;
        _metrics = metrics;
        _text = text;
    }

    /// <summary>Where it listens, with the port that was taken.</summary>
    public Uri Url => new(_app.Urls.First());

    /// <summary>Where it speaks HTTP/2 in cleartext, with the port that was taken; null when it does not.</summary>
    public Uri? Http2Url => _app.Urls.ElementAtOrDefault(1) is { } url ? new Uri(url) : null;

    /// <summary>All that is mapped.</summary>
    internal IReadOnlyList<Endpoint> Endpoints => _app.Services.GetRequiredService<EndpointDataSource>().Endpoints;

    /// <summary>Opens the models and starts a server.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="log">Where to tell of versions and failures; null for nowhere.</param>
    /// <param name="cancellation">Gives up starting.</param>
    /// <exception cref="ArgumentException">A setting is not valid.</exception>
    /// <exception cref="Training.Checkpoints.CheckpointException">A run has no checkpoint, or a damaged one.</exception>
    /// <exception cref="IOException">The address is taken.</exception>
    public static async Task<ServingServer> StartAsync(ServingOptions options, ILogger? log = null, CancellationToken cancellation = default)
    {
        log ??= NullLogger.Instance;
        var builder = HttpServer.CreateBuilder(options, HttpProtocols.Http1AndHttp2, options.Http2Url);
        var models = await ModelRepository.OpenAsync(options, log).ConfigureAwait(false);
        var metrics = new ServingMetrics(models);
        var text = new PrometheusText(metrics.Meter);
        var gate = new RequestGate(options);
        var server = new ServingServer(builder.Build(), models, gate, metrics, text);
        try
        {
            HttpServer.UseGuards(server._app, options, IsOpen, ServingEndpoints.ValidPaths);
            server._app.Use(next => context => LogFailuresAsync(next, context, log));
            var score = new ScoreHandler(models, options, metrics);
            var endpoints = new ServingEndpoints(models, options, metrics, gate, score);
            endpoints.Map(server._app);
            new InferenceEndpoints(models, options, gate, score).Map(server._app, endpoints);
            endpoints.Get(server._app, "/metrics", context =>
            {
                context.Response.ContentType = PrometheusText.ContentType;
                return context.Response.WriteAsync(text.Write(), context.RequestAborted);
            });
            PageEndpoints.Map(server._app);
            await server._app.StartAsync(cancellation).ConfigureAwait(false);
            return server;
        }
        catch
        {
            await server.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Waits until the server is told to stop, by a signal or <see cref="StopAsync"/>.</summary>
    /// <param name="cancellation">Gives up waiting.</param>
    public Task WaitAsync(CancellationToken cancellation = default) => _app.WaitForShutdownAsync(cancellation);

    /// <summary>Finishes the requests it has and stops.</summary>
    public Task StopAsync() => _app.StopAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _app.DisposeAsync().ConfigureAwait(false);
        await _models.DisposeAsync().ConfigureAwait(false);
        _gate.Dispose();
        _text.Dispose();
        _metrics.Dispose();
    }

    // What holds no rows and no scores needs no key.
    private static bool IsOpen(PathString path) => path.StartsWithSegments("/v2/health", StringComparison.Ordinal) || PageEndpoints.Has(path);

    private static async Task LogFailuresAsync(RequestDelegate next, HttpContext context, ILogger log)
    {
        try
        {
            await next(context).ConfigureAwait(false);
        }
        catch (Exception e) when (e is not (BadHttpRequestException or OperationCanceledException or IOException))
        {
            ServingLog.Failed(log, e, context.Request.Method, context.Request.Path);
            throw;
        }
    }
}
