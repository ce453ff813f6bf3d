using System.Diagnostics;
using System.Text.Json;

namespace RecSys.Cli.Bench;

/// <summary>Runs the PyTorch twin on a job folder, as a process of its own.</summary>
internal static class PyTorchTwin
{
    private const string PythonVariable = "RECSYS_PYTHON";

    /// <summary>Runs the twin.</summary>
    /// <param name="mode"><c>train</c> or <c>gradients</c>.</param>
    /// <param name="folder">Job folder.</param>
    /// <returns>The twin's result line.</returns>
    /// <exception cref="InvalidOperationException">Python, PyTorch or the script is missing, or the script failed.</exception>
    public static JsonElement Run(string mode, string folder)
    {
        string script = FindScript();
        string python = Environment.GetEnvironmentVariable(PythonVariable) ?? "/usr/bin/python3";
        using var process = Process.Start(new ProcessStartInfo(python, [script, mode, folder]) { RedirectStandardOutput = true, RedirectStandardError = true })
            ?? throw new InvalidOperationException($"'{python}' could not be started; set {PythonVariable} to a Python with PyTorch.");
        var errors = process.StandardError.ReadToEndAsync();
        string last = "";
        while (process.StandardOutput.ReadLine() is { } line)
            last = line;
        process.WaitForExit();
        if (process.ExitCode != 0 || last.Length == 0)
            throw new InvalidOperationException($"The PyTorch twin failed (install Debian's python3-torch, or set {PythonVariable}): {errors.Result.Trim()}");
        return JsonDocument.Parse(last).RootElement;
    }

    private static string FindScript()
    {
        for (DirectoryInfo? folder = new(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            string script = Path.Combine(folder.FullName, "experiments", "pytorch", "twin.py");
            if (File.Exists(script))
                return script;
        }

        throw new InvalidOperationException("experiments/pytorch/twin.py was not found above the program; run from a checkout of the repository.");
    }
}
