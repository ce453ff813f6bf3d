namespace RecSys.Cluster.Requests;

/// <summary>What a request wants.</summary>
public enum ShardRequestKind
{
    /// <summary>Values of rows.</summary>
    Gather = 1,

    /// <summary>A step of the optimiser on rows.</summary>
    Apply = 2,
}
