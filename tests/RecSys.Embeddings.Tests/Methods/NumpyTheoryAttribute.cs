using System.ComponentModel;
using System.Diagnostics;

namespace RecSys.Embeddings.Tests.Methods;

/// <summary>A test that runs a script with python3 and numpy; skipped where they are absent.</summary>
internal sealed class NumpyTheoryAttribute : TheoryAttribute
{
    // Debian's own first: a python3 that comes before it on the path may be another one.
    private static readonly string? s_python = new[] { "/usr/bin/python3", "python3" }.FirstOrDefault(python => Run(python, "-c", "import numpy").ExitCode == 0);

    public NumpyTheoryAttribute()
    {
        if (s_python is null)
            Skip = "python3 with numpy is not on this machine (Debian: python3-numpy).";
    }

    /// <summary>Runs that python3.</summary>
    public static (int ExitCode, string Output) Run(params string[] arguments) => Run(s_python!, arguments);

    private static (int ExitCode, string Output) Run(string python, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(python, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            Task<string> errors = process.StandardError.ReadToEndAsync();
            string output = process.StandardOutput.ReadToEnd();
            process.WaitForExit();
            return (process.ExitCode, output + errors.Result);
        }
        catch (Win32Exception)
        {
            return (-1, "There is no python3.");
        }
    }
}
