namespace RecSys.Cli;

/// <summary>What the process tells its caller; scripts rely on the numbers.</summary>
internal static class ExitCode
{
    public const int Success = 0;

    /// <summary>The command was understood and did not succeed.</summary>
    public const int Failure = 1;

    /// <summary>The command line, the configuration or the data is wrong; running it again unchanged cannot help.</summary>
    public const int BadInput = 2;
}
