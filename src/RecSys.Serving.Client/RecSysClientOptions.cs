namespace RecSys.Serving.Client;

/// <summary>Settings of a client.</summary>
public sealed record RecSysClientOptions
{
    /// <summary>Where the server listens: <c>http://HOST:PORT</c>.</summary>
    public required Uri Address { get; init; }

    /// <summary>Whether to speak HTTP/2, for the address of <c>http2_url</c> or one of https; many requests share a connection.</summary>
    /// <value>False by default: HTTP/1.1.</value>
    public bool Http2 { get; init; }

    /// <summary>Key that requests carry.</summary>
    public string? ApiKey { get; init; }

    /// <summary>How long one try may take.</summary>
    /// <value>10 seconds by default.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Further tries after one that the server was too busy for (429, 503) or that never reached it.</summary>
    /// <value>3 by default.</value>
    public int Retries { get; init; } = 3;

    /// <summary>Wait before the first further try where the server names none; it doubles with each.</summary>
    /// <value>50 milliseconds by default.</value>
    public TimeSpan RetryDelay { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>Connections at the same time.</summary>
    /// <value>64 by default.</value>
    public int MaxConnections { get; init; } = 64;
}
