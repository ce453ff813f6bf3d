namespace RecSys.Torch;

/// <summary>libtorch refused a call; the message starts with the name of the operator.</summary>
public sealed class TorchException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">Operator and reason.</param>
    public TorchException(string message)
        : base(message)
    {
    }
}
