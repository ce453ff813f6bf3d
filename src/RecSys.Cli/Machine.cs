using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;
using RecSys.Cli.Reports;

namespace RecSys.Cli;

/// <summary>What results were measured on.</summary>
internal static class Machine
{
    private const string ProcessorInfo = "/proc/cpuinfo";

    private static readonly Lazy<string> s_description = new(Describe);

    /// <summary>Processor, cores of the machine, and memory.</summary>
    public static string Description => s_description.Value;

    /// <summary>This program with its commit, .NET and libtorch.</summary>
    public static string Versions(string libtorch)
    {
        string own = typeof(Machine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion;
        return $"recsys {own}, {RuntimeInformation.FrameworkDescription}, libtorch {libtorch}";
    }

    // A process may be given fewer cores than there are.
    private static string Describe()
    {
        string[] names = File.Exists(ProcessorInfo)
            ? [.. File.ReadLines(ProcessorInfo).Where(l => l.StartsWith("model name", StringComparison.Ordinal)).Select(l => l[(l.IndexOf(':', StringComparison.Ordinal) + 1)..].Trim())]
            : [];
        (string name, int cores) = names.Length > 0 ? (names[0], names.Length) : (RuntimeInformation.ProcessArchitecture.ToString(), Environment.ProcessorCount);
        return string.Create(CultureInfo.InvariantCulture, $"{name}, {cores} cores, {NumberFormat.Bytes(GC.GetGCMemoryInfo().TotalAvailableMemoryBytes)}");
    }
}
