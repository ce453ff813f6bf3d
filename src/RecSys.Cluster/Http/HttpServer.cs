using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace RecSys.Cluster.Http;

/// <summary>What all servers are built of: Kestrel with bounds, keys, errors as JSON. A stopping server finishes the requests it has.</summary>
internal static class HttpServer
{
    private const int StreamsPerConnection = 100;
    private const int StreamWindowBytes = 1 << 20;

    // Room for what all streams of a connection may have sent: else those that wait for their turn take the room of those that have it,
    // and none goes on. Only requests that wait fill it, and their number is limited; the others are read at once.
    private const int ConnectionWindowBytes = StreamsPerConnection * StreamWindowBytes;

    // With HTTP/1.1, what a connection may hold unread.
    private const int UnreadBytes = 1 << 18;

    /// <summary>Begins a server.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="protocols">What it speaks.</param>
    /// <param name="http2Url">Another address, which speaks HTTP/2 in cleartext; null for none.</param>
    /// <exception cref="ArgumentException">A setting is not valid.</exception>
    public static WebApplicationBuilder CreateBuilder(HttpServerOptions options, HttpProtocols protocols, string? http2Url = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => Listen(kestrel, options, protocols, http2Url));
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = options.DrainTime);
        builder.Services.AddRoutingCore();
        builder.Services.AddSingleton<IMemoryPoolFactory<byte>>(new BlockPoolFactory());
        return builder;
    }

    /// <summary>Adds what every request passes before the endpoints.</summary>
    /// <param name="app">The server.</param>
    /// <param name="options">Settings.</param>
    /// <param name="isOpen">The paths that need no key.</param>
    /// <param name="validPaths">All paths, for the message to those who ask for others.</param>
    public static void UseGuards(WebApplication app, HttpServerOptions options, Predicate<PathString> isOpen, string validPaths)
    {
        app.UseRouting();
        app.UseMiddleware<HttpErrors>(validPaths);
        app.UseMiddleware<ApiKeyCheck>(options, isOpen);
    }

    private static void Listen(KestrelServerOptions kestrel, HttpServerOptions options, HttpProtocols protocols, string? http2Url)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxConcurrentConnections = options.MaxConnections;
        kestrel.Limits.MaxRequestBodySize = options.MaxRequestBytes;
        kestrel.Limits.MaxRequestBufferSize = UnreadBytes;
        kestrel.Limits.Http2.MaxStreamsPerConnection = StreamsPerConnection;
        kestrel.Limits.Http2.InitialStreamWindowSize = StreamWindowBytes;
        kestrel.Limits.Http2.InitialConnectionWindowSize = ConnectionWindowBytes;
        (var endpoint, bool isSecure) = options.Endpoint();
        kestrel.Listen(endpoint, listen =>
        {
            listen.Protocols = protocols;
            if (isSecure)
                listen.UseHttps(X509Certificate2.CreateFromPemFile(options.Certificate!, options.CertificateKey));
        });
        if (http2Url is null)
            return;
        // Without TLS nothing tells the versions of HTTP apart, so an address in cleartext cannot offer both.
        (var http2Endpoint, bool isHttp2Secure) = HttpServerOptions.Parse(http2Url);
        if (isHttp2Secure)
            throw new ArgumentException($"The address '{http2Url}' is not valid: HTTP/2 in cleartext is at http://ADDRESS:PORT; an address of https speaks HTTP/2 by itself.");
        kestrel.Listen(http2Endpoint, listen => listen.Protocols = HttpProtocols.Http2);
    }
}
