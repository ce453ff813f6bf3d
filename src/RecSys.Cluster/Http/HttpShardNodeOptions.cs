using System.Security.Cryptography.X509Certificates;

namespace RecSys.Cluster.Http;

/// <summary>Settings of a client of a shard server.</summary>
public sealed record HttpShardNodeOptions
{
    /// <summary>Key to send.</summary>
    /// <value>Null by default: the server wants none.</value>
    public string? ApiKey { get; init; }

    /// <summary>How long a request may take.</summary>
    /// <value>30 seconds by default.</value>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>What the server speaks.</summary>
    /// <value><see cref="ShardProtocol.Http2"/> by default.</value>
    public ShardProtocol Protocol { get; init; } = ShardProtocol.Http2;

    /// <summary>Certificates of the authorities that the server's certificate may come from, or the server's own if it signed itself.</summary>
    /// <value>Empty by default: the authorities that this machine trusts.</value>
    public IReadOnlyList<X509Certificate2> TrustedCertificates { get; init; } = [];
}
