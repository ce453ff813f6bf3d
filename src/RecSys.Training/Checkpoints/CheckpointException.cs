namespace RecSys.Training.Checkpoints;

/// <summary>A checkpoint that cannot be used: damaged, incomplete or of another model. The message names the file.</summary>
public class CheckpointException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="message">What is wrong, with the file's path.</param>
    /// <param name="inner">Cause, if any.</param>
    public CheckpointException(string message, Exception? inner = null)
        : base(message, inner)
    {
    }
}
