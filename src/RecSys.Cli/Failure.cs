using RecSys.Cluster;
using RecSys.Data;
using RecSys.Data.Configuration;
using RecSys.Embeddings;
using RecSys.Training.Checkpoints;

namespace RecSys.Cli;

/// <summary>How an exception ends a command: its exit code and its one line for people.</summary>
internal static class Failure
{
    /// <summary>Bad input where the user can mend it, a failure otherwise.</summary>
    public static int ExitCodeOf(Exception failure) => failure switch
    {
        ConfigException or DataException or BudgetException or CheckpointException or FormatException => ExitCode.BadInput,
        // A null argument is a mistake in the program; any other argument came from a command line or a configuration.
        ArgumentException and not ArgumentNullException => ExitCode.BadInput,
        _ => ExitCode.Failure,
    };

    /// <summary>One line: the message, and for an unforeseen failure how to see where it happened.</summary>
    public static string Describe(Exception failure)
    {
        string message = string.Join(' ', failure.Message.Split(['\r', '\n'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries));
        return ExitCodeOf(failure) == ExitCode.BadInput || failure is IOException or InvalidDataException or ShardException or OperationCanceledException
            ? message
            : $"{failure.GetType().Name}: {message} (RECSYS_TRACE=1 shows where)";
    }
}
