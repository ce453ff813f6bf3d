namespace RecSys.Cluster.Log;

/// <summary>Makes the exceptions for files that are not what this log has written.</summary>
internal static class LogDamage
{
    /// <summary>Damage at a place in a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="offset">Byte at which the damaged part begins.</param>
    /// <param name="reason">What is wrong; continues a sentence.</param>
    public static InvalidDataException At(string path, long offset, string reason) => new($"{path}: damaged at byte {offset}: {reason}.");

    /// <summary>Damage of a log as a whole: files are missing or do not belong together.</summary>
    /// <param name="path">The file or directory.</param>
    /// <param name="reason">What is wrong; continues a sentence.</param>
    public static InvalidDataException Of(string path, string reason) => new($"{path}: {reason}.");
}
