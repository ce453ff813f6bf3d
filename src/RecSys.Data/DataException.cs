namespace RecSys.Data;

/// <summary>Bad data: the message names the file, line, column or value that is wrong and says what would be valid.</summary>
public sealed class DataException : Exception
{
    /// <summary>Creates the exception from a complete message.</summary>
    public DataException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception from a complete message and the failure behind it.</summary>
    public DataException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
