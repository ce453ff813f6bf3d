using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using RecSys.Cli.Reports;

namespace RecSys.Cli;

/// <summary>What results were measured on.</summary>
internal static class Machine
{
    private static readonly Lazy<string> s_description = new(() =>
        string.Create(CultureInfo.InvariantCulture, $"{Processor()}, {Environment.ProcessorCount} cores, {NumberFormat.Bytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)}"));

    /// <summary>Processor, cores that this process may use, and memory.</summary>
    public static string Description => s_description.Value;

    /// <summary>This program with its commit, .NET and libtorch.</summary>
    public static string Versions(string libtorch)
    {
        string own = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return $"recsys {own}, {RuntimeInformation.FrameworkDescription}, libtorch {libtorch}";
    }

    private static string Processor()
    {
        const string Info = "/proc/cpuinfo";
        string? line = File.Exists(Info) ? File.ReadLines(Info).FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal)) : null;
        return line is null ? RuntimeInformation.ProcessArchitecture.ToString() : line[(line.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim();
    }
}
