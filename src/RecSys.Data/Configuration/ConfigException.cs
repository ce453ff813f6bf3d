namespace RecSys.Data.Configuration;

/// <summary>A mistake in a configuration; the message reads <c>file:line: key.path: what is wrong; what is valid</c>.</summary>
public sealed class ConfigException : Exception
{
    /// <summary>Creates the exception from a complete message.</summary>
    public ConfigException(string message)
        : base(message)
    {
    }

    /// <summary>Creates the exception from a complete message and the failure behind it.</summary>
    public ConfigException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
