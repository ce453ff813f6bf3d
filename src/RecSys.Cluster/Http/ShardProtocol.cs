namespace RecSys.Cluster.Http;

/// <summary>What a server and its clients speak.</summary>
public enum ShardProtocol
{
    /// <summary>HTTP/2: many requests at the same time over one connection.</summary>
    Http2,

    /// <summary>HTTP/1.1: a connection for each request that is on its way. Rows go through fewer copies.</summary>
    Http1,
}
