namespace RecSys.Data.Interop;

/// <summary>DuckDB refused a statement; the message is DuckDB's.</summary>
public sealed class DuckException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">DuckDB's message.</param>
    /// <param name="sql">The statement.</param>
    public DuckException(string message, string sql)
        : base(message)
        => Sql = sql;

    /// <summary>The statement that failed.</summary>
    public string Sql { get; }
}
