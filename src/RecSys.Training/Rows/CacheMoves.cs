namespace RecSys.Training.Rows;

/// <summary>What has to be moved so that a cache has the rows that its slots say: first out, then in.</summary>
internal sealed class CacheMoves
{
    /// <summary>Rows that have made way.</summary>
    public List<long> OutRows { get; } = [];

    /// <summary>The slots they were in.</summary>
    public List<long> OutSlots { get; } = [];

    /// <summary>Rows that have come in.</summary>
    public List<long> InRows { get; } = [];

    /// <summary>The slots they are in.</summary>
    public List<long> InSlots { get; } = [];
}
