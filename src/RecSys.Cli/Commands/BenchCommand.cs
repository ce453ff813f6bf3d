using System.CommandLine;

namespace RecSys.Cli.Commands;

/// <summary><c>recsys bench</c>: measurements against a baseline of the same run.</summary>
internal static class BenchCommand
{
    public static Command Create() => new("bench", "Measures against a baseline in the same run.")
    {
        BenchTrainCommand.Create(),
        BenchKernelsCommand.Create(),
        BenchDeviceCommand.Create(),
        BenchCompareCommand.Create(),
        BenchParityCommand.Create(),
        BenchPrepareCommand.Create(),
        BenchClusterCommand.Create(),
        BenchLookupCommand.Create(),
    };
}
