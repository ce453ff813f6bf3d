namespace RecSys.Cluster.Requests;

/// <summary>What a request wants. <see cref="Gather"/> and <see cref="Export"/> read, <see cref="Apply"/> and <see cref="Import"/> write.</summary>
public enum ShardRequestKind
{
    /// <summary>Values of rows.</summary>
    Gather = 1,

    /// <summary>A step of the optimiser on rows.</summary>
    Apply = 2,

    /// <summary>Rows as they are kept, with the state of their optimiser.</summary>
    Export = 3,

    /// <summary>Rows and states put in the place of those that are there.</summary>
    Import = 4,
}
