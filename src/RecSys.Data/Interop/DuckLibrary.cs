using System.Reflection;
using System.Runtime.InteropServices;

namespace RecSys.Data.Interop;

/// <summary>Finds DuckDB's shared library: the file named by <c>DUCKDB_LIB</c>, the project's artifacts, then the system.</summary>
internal static class DuckLibrary
{
    internal const string Name = "duckdb";

    private const string Variable = "DUCKDB_LIB";

    internal static void Register() => NativeLibrary.SetDllImportResolver(typeof(DuckLibrary).Assembly, Resolve);

    /// <summary>The files to try, in order; an explicit <c>DUCKDB_LIB</c> is the only one.</summary>
    internal static IEnumerable<string> Candidates(string? configured, string startFolder)
    {
        if (!string.IsNullOrEmpty(configured))
        {
            yield return configured;
            yield break;
        }

        for (var folder = new DirectoryInfo(startFolder); folder is not null; folder = folder.Parent)
        {
            string file = Path.Combine(folder.FullName, "artifacts", "native", "duckdb", FileName);
            if (File.Exists(file))
                yield return file;
        }
    }

    private static string FileName => OperatingSystem.IsWindows() ? "duckdb.dll" : OperatingSystem.IsMacOS() ? "libduckdb.dylib" : "libduckdb.so";

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (name != Name)
            return 0;

        string? configured = Environment.GetEnvironmentVariable(Variable);
        foreach (string file in Candidates(configured, AppContext.BaseDirectory))
        {
            if (NativeLibrary.TryLoad(file, out nint library))
                return library;
        }

        if (string.IsNullOrEmpty(configured) && NativeLibrary.TryLoad(Name, assembly, searchPath, out nint system))
            return system;
        throw new DllNotFoundException(
            string.IsNullOrEmpty(configured)
                ? $"DuckDB's library {FileName} was not found. Put it into artifacts/native/duckdb/, install it as a system library, or set {Variable} to its file."
                : $"{Variable} names '{configured}', which is not a loadable DuckDB library. Set it to the file {FileName} (DuckDB 1.4 or later).");
    }
}
