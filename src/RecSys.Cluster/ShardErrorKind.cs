namespace RecSys.Cluster;

/// <summary>Why a shard refuses a request.</summary>
public enum ShardErrorKind
{
    /// <summary>The request is malformed, or names tables, rows or buckets that do not exist.</summary>
    Invalid,

    /// <summary>There is no such model, snapshot or file.</summary>
    NotFound,

    /// <summary>The request is of another generation or of another model than the shard has: the client has to connect anew.</summary>
    Conflict,

    /// <summary>A bucket of the request lives on another node: the client has to ask for the placement.</summary>
    Misplaced,

    /// <summary>Too much work is waiting: the client may try again later.</summary>
    Overloaded,

    /// <summary>The shard cannot answer now, for example because its disk is full or it is shutting down.</summary>
    Unavailable,
}
