namespace RecSys.Cluster.Http;

/// <summary>Settings of a shard server.</summary>
public sealed record ShardServerOptions : HttpServerOptions
{
    /// <summary>Name of the node: letters, digits, <c>. _ -</c>.</summary>
    public required string Name { get; init; }

    /// <summary>What it speaks. In cleartext HTTP/2 begins at once, by prior knowledge.</summary>
    /// <value><see cref="ShardProtocol.Http2"/> by default.</value>
    public ShardProtocol Protocol { get; init; } = ShardProtocol.Http2;
}
