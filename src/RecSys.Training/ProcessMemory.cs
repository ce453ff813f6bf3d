using System.Globalization;

namespace RecSys.Training;

/// <summary>Resident memory of this process.</summary>
public static class ProcessMemory
{
    /// <summary>Largest resident memory so far, in bytes (VmHWM).</summary>
    public static long PeakRssBytes()
    {
        string line = File.ReadLines("/proc/self/status").First(l => l.StartsWith("VmHWM:", StringComparison.Ordinal));
        return long.Parse(line["VmHWM:".Length..].Replace("kB", "", StringComparison.Ordinal), NumberStyles.AllowLeadingWhite | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture) * 1024;
    }
}
