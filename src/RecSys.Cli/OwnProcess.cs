using System.Diagnostics;
using System.Globalization;

namespace RecSys.Cli;

/// <summary>This program as another process.</summary>
internal static class OwnProcess
{
    /// <summary>How to start it.</summary>
    /// <param name="args">Its command line.</param>
    /// <param name="count">Processes that share this machine's cores.</param>
    public static ProcessStartInfo Prepare(IReadOnlyList<string> args, int count)
    {
        var start = new ProcessStartInfo("dotnet", [typeof(OwnProcess).Assembly.Location, .. args]);
        int threads = Math.Max(1, Environment.ProcessorCount / count);
        start.Environment["OMP_NUM_THREADS"] = threads.ToString(CultureInfo.InvariantCulture);
        start.Environment["DOTNET_PROCESSOR_COUNT"] = threads.ToString("X", CultureInfo.InvariantCulture);
        return start;
    }
}
