using System.Net;

namespace RecSys.Cluster.Http;

/// <summary>What the servers of the platform have in common: where they listen, whom they answer, and how much at once.</summary>
public abstract record HttpServerOptions
{
    /// <summary>Where it listens: <c>http://127.0.0.1:7400</c>; port 0 takes a free one.</summary>
    public required string Url { get; init; }

    /// <summary>PEM file of the certificate, for <c>https</c>.</summary>
    public string? Certificate { get; init; }

    /// <summary>PEM file of the certificate's key.</summary>
    public string? CertificateKey { get; init; }

    /// <summary>Keys of which a request has to carry one, as <c>Authorization: Bearer KEY</c>.</summary>
    /// <value>Empty by default: anyone may ask. Health needs no key.</value>
    public IReadOnlyList<string> ApiKeys { get; init; } = [];

    /// <summary>Largest request.</summary>
    /// <value>256 MiB by default.</value>
    public long MaxRequestBytes { get; init; } = 256 << 20;

    /// <summary>Requests that are worked on at the same time.</summary>
    /// <value>Twice the number of processors by default.</value>
    public int MaxConcurrentRequests { get; init; } = 2 * Environment.ProcessorCount;

    /// <summary>Requests that may wait besides; more are refused with 429.</summary>
    /// <value>64 by default.</value>
    public int MaxQueuedRequests { get; init; } = 64;

    /// <summary>Connections at the same time, to each address; more are closed. Each may hold some megabytes of requests that are not yet read.</summary>
    /// <value>256 by default.</value>
    public int MaxConnections { get; init; } = 256;

    /// <summary>How long a stopping server lets requests finish.</summary>
    /// <value>30 seconds by default.</value>
    public TimeSpan DrainTime { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>The address and port of <see cref="Url"/>.</summary>
    /// <exception cref="ArgumentException">It is not valid, or the certificate is missing.</exception>
    internal (IPEndPoint Endpoint, bool IsSecure) Endpoint()
    {
        (var endpoint, bool isSecure) = Parse(Url);
        return isSecure == (Certificate is not null)
            ? (endpoint, isSecure)
            : throw new ArgumentException($"The address '{Url}' and the certificate do not fit: https needs one, http has none.");
    }

    /// <summary>The address and port of an URL.</summary>
    /// <param name="text">The URL.</param>
    /// <exception cref="ArgumentException">It is not valid.</exception>
    internal static (IPEndPoint Endpoint, bool IsSecure) Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out var url) || (url.Scheme != Uri.UriSchemeHttp && url.Scheme != Uri.UriSchemeHttps) || url.PathAndQuery != "/")
            throw new ArgumentException($"The address '{text}' is not valid: http://ADDRESS:PORT or https://ADDRESS:PORT.");
        var address = url.Host == "localhost" ? IPAddress.Loopback : IPAddress.TryParse(url.Host.Trim('[', ']'), out var parsed) ? parsed : null;
        return address is null
            ? throw new ArgumentException($"The address '{text}' is not valid: it listens at an IP address of this machine, such as 127.0.0.1, or 0.0.0.0 for all.")
            : (new IPEndPoint(address, url.Port), url.Scheme == Uri.UriSchemeHttps);
    }
}
