namespace RecSys.Data.Interop;

/// <summary>Limits of a database.</summary>
public sealed record DuckOptions
{
    /// <summary>Memory DuckDB may use before it spills to <see cref="TemporaryFolder"/>, such as <c>4GB</c>.</summary>
    /// <value>null: DuckDB's default, 80 % of the machine's memory.</value>
    public string? MemoryLimit { get; init; }

    /// <summary>Threads of a query.</summary>
    /// <value>0: one per processor.</value>
    public int ThreadCount { get; init; }

    /// <summary>Folder for what does not fit into memory.</summary>
    /// <value>null: DuckDB's default, beside the database file.</value>
    public string? TemporaryFolder { get; init; }
}
